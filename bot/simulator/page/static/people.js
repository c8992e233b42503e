// Who you are in this window: a menu of people. Another window may be somebody else.

import { avatar, h, icon } from "./dom.js";

export class PersonMenu extends EventTarget {
  #place;
  #people = [];
  #members;
  current;

  constructor(place) {
    super();
    this.#place = place;
    document.addEventListener("pointerdown", (event) => {
      if (!place.contains(event.target)) this.#close();
    });
    place.addEventListener("keydown", (event) => this.#key(event));
  }

  fill(people, wished) {
    this.#people = people.filter((one) => !one.bot);
    this.current = this.#people.find((one) => one.key === wished) ?? this.#people[0];
    this.#draw();
  }

  // Of a channel; undefined means everybody.
  limit(members) {
    this.#members = members;
    this.#draw();
  }

  #draw() {
    if (!this.current) return;
    const { name, note } = this.current;
    const label = `You are ${name}${note ? `, ${note}` : ""}. Be somebody else`;
    const button = h("button", { class: "quiet person-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, onclick: () => this.#toggle() }, h("span", { class: "person-words" }, h("span", { class: "name" }, name), h("span", { class: "quiet-text" }, note)), avatar(name), icon("down"));
    const items = this.#people.map((one) => this.#item(one));
    this.#place.replaceChildren(button, h("div", { class: "menu", role: "menu", "aria-label": "People", hidden: true }, h("p", { class: "menu-note" }, "Be somebody else in this window"), items));
  }

  #item(one) {
    const inside = !this.#members || this.#members.includes(one.key);
    const note = [one.note, inside ? "" : "not in this channel"].filter(Boolean).join(" · ");
    return h(
      "button",
      { class: "menu-item", role: "menuitemradio", "aria-checked": String(one === this.current), "data-person": one.key, disabled: !inside, onclick: () => this.#choose(one) },
      avatar(one.name),
      h("span", { class: "person-words" }, h("span", { class: "name" }, one.name), h("span", { class: "quiet-text" }, note)),
      one === this.current && icon("check"),
    );
  }

  #choose(one) {
    this.current = one;
    this.#draw();
    this.#place.querySelector(".person-button").focus();
    this.dispatchEvent(new Event("change"));
  }

  #toggle() {
    const menu = this.#place.querySelector(".menu");
    menu.hidden = !menu.hidden;
    this.#place.querySelector(".person-button").setAttribute("aria-expanded", String(!menu.hidden));
    if (!menu.hidden) menu.querySelector("[aria-checked=true]")?.focus();
  }

  #close() {
    const menu = this.#place.querySelector(".menu");
    if (menu && !menu.hidden) this.#toggle();
  }

  #key(event) {
    const items = [...this.#place.querySelectorAll(".menu-item:not(:disabled)")];
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && at >= 0) {
      event.preventDefault();
      items[(at + step + items.length) % items.length].focus();
    } else if (event.key === "Escape") {
      this.#close();
      this.#place.querySelector(".person-button")?.focus();
    }
  }
}
