// The rail: teams and their channels, a dot where something was said meanwhile.

import { avatar, h, icon } from "./dom.js";

export class Channels extends EventTarget {
  #place;
  #all = [];
  #person;
  #unread = new Set();
  current;

  constructor(place) {
    super();
    this.#place = place;
  }

  fill(all, person, wished) {
    this.#all = all;
    this.#person = person;
    this.current = this.#mine().find((one) => one.id === (this.current?.id ?? wished)) ?? all[0];
    this.#draw();
  }

  // Another person: of the chats with the bot, only her own is there.
  own(person) {
    this.#person = person;
    const { personal } = this.current;
    if (personal) this.choose(this.#mine().find((one) => one.personal) ?? this.#all[0]);
    else this.#draw();
  }

  #mine() {
    return this.#all.filter((one) => !one.personal || one.members.includes(this.#person));
  }

  heard(conversation) {
    if (conversation === this.current?.id || this.#unread.has(conversation)) return;
    this.#unread.add(conversation);
    this.#draw();
  }

  choose(one) {
    this.current = one;
    this.#unread.delete(one.id);
    this.#draw();
    this.dispatchEvent(new Event("change"));
  }

  #draw() {
    const teams = new Map();
    for (const one of this.#mine()) {
      const team = one.team || "Chat";
      teams.set(team, [...(teams.get(team) ?? []), one]);
    }
    const parts = [...teams].map(([team, channels]) => [h("h2", { class: "rail-team" }, team !== "Chat" && avatar(team, { small: true, bot: true }), team), h("ul", {}, channels.map((one) => h("li", {}, this.#button(one))))]);
    this.#place.replaceChildren(...parts.flat());
  }

  #button(one) {
    const unread = this.#unread.has(one.id);
    return h(
      "button",
      { class: `rail-channel${unread ? " rail-unread" : ""}`, "aria-current": one.id === this.current?.id ? "page" : undefined, "data-conversation": one.id, onclick: () => this.choose(one) },
      one.personal ? avatar("Watchkeeper", { bot: true, small: true }) : icon("channel"),
      h("span", { class: "rail-name" }, one.personal ? "Watchkeeper" : one.name),
      unread && h("span", { class: "rail-dot" }, h("span", { class: "unseen" }, "unread")),
    );
  }
}
