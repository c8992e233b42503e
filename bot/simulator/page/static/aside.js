// "What is going on": what just happened and what to press next, for a newcomer.
//
// GET /sim/hints, if there is one, answers {happened, next: [text]}; GET /sim/azure
// {endpoints: [{name, traffic: {deployment: percent}}]}. Without them the newest card
// itself says what comes next.

import { texts } from "./cards.js";
import { h } from "./dom.js";
import { azure, hints } from "./remote.js";

const STEPS = [
  [/^firing/i, "An alert came in, and the numbers behind it were looked up.", [["Acknowledge", "says that you are on it."], ["Evidence", "shows what the monitors saw."], ["Request rollback", "asks to move traffic back."]]],
  [/^acknowledged/i, "Somebody took the alert.", [["Evidence", "shows what the monitors saw."], ["Request rollback", "asks to move traffic back. Somebody else has to approve it."]]],
  [/^approval needed/i, "A rollback was asked for. It waits for a second person.", [["Approve rollback", "lets it run. Be an approver first: your name, top right."], ["Approve", "lets it run. Be an approver first: your name, top right."], ["Reject", "needs a reason."]]],
  [/^(approved|working)/i, "The rollback was approved and is being carried out.", []],
  [/^rolled back/i, "Traffic moved, and was read back from the endpoint.", [["Evidence", "holds all that was seen, said and done."], ["Undo rollback", "moves it back, with the same approval."]]],
  [/^(not rolled back|not done)/i, "Nothing was changed; the card says why.", []],
  [/^resolved/i, "The condition has gone. The card keeps the story.", []],
];

export class Aside {
  #place;
  #offers;
  #hint = h("div", { class: "aside-hint" });
  #traffic = h("div", { class: "aside-traffic" });

  constructor(place, offers, charts) {
    this.#place = place;
    this.#offers = offers;
    const other = new URL(location.href);
    if (charts) other.searchParams.set("charts", "off");
    else other.searchParams.delete("charts");
    const footer = h("p", { class: "aside-foot" }, charts ? "Some hosts draw no charts. " : "Charts are off: cards show their fallback. ", h("a", { href: other.href }, charts ? "See the cards without" : "Draw charts"));
    place.append(h("h2", {}, "What is going on"), this.#hint, this.#traffic, footer);
    if (offers.azure) setInterval(() => document.hidden || this.#showTraffic(), 4000);
  }

  async refresh(activities, me) {
    this.#showTraffic();
    const told = this.#offers.hints ? await hints().catch(() => null) : null;
    const { happened, next } = told?.happened ? { happened: told.happened, next: [told.next ?? []].flat().map((step) => h("li", {}, String(step))) } : guess(activities);
    this.#hint.replaceChildren(h("p", {}, happened), ...(next.length ? [h("h3", {}, "What you can do"), h("ul", {}, next)] : []), h("p", { class: "quiet-text" }, me ? `You are ${me.name}${me.note ? ` (${me.note})` : ""}.` : ""));
  }

  async #showTraffic() {
    if (!this.#offers.azure) return;
    const found = await azure().catch(() => null);
    const endpoints = Array.isArray(found) ? found : Object.values(found?.endpoints ?? {});
    const bars = endpoints.filter((one) => one?.traffic && one.name).slice(0, 4).map(trafficBar);
    this.#traffic.replaceChildren(...(bars.length ? [h("h3", {}, "Traffic in the simulated Azure"), ...bars] : []));
  }
}

function trafficBar({ name, traffic }) {
  const shares = Object.entries(traffic).map(([deployment, percent]) => [deployment, Number(percent) || 0]);
  const words = shares.map(([deployment, percent]) => `${deployment} ${percent}%`).join(", ");
  const hues = { blue: "var(--chart-categoricalBlue)", green: "var(--chart-categoricalGreen)" };
  const rest = ["var(--chart-categoricalPurple)", "var(--chart-categoricalTeal)", "var(--chart-neutral)"];
  const pieces = shares.map(([deployment, percent], at) => {
    const piece = h("span", { class: "share", paint: hues[deployment] ?? rest[at % rest.length] });
    piece.style.width = `${percent}%`;
    return piece;
  });
  return h("div", { class: "traffic" }, h("span", { class: "traffic-name" }, name), h("div", { class: "shares", role: "img", "aria-label": `${name}: ${words}` }, pieces), h("span", { class: "quiet-text" }, words));
}

function guess(activities) {
  const cards = activities.filter((one) => one.card && !one.deleted);
  for (const one of cards.reverse()) {
    const words = texts(one.card);
    const found = STEPS.find(([state]) => state.test(words[0] ?? ""));
    if (!found) continue;
    const titles = new Set((one.card.actions ?? []).map((action) => action.title));
    const next = found[2].filter(([title]) => titles.has(title)).map(([title, does]) => h("li", {}, h("strong", {}, title), ` ${does}`));
    return { happened: found[1], next };
  }
  return { happened: "Nothing has happened yet. An alert comes by itself after a few seconds.", next: [h("li", {}, "Or write ", h("strong", {}, "@Watchkeeper help"), " below.")] };
}
