// One card alone, for looking at it: `python -m tests.cards.screenshots` fills this page.

import { drawCard, prepareCards } from "./cards.js";
import { avatar, h } from "./dom.js";

const wishes = new URLSearchParams(location.search);
document.documentElement.dataset.theme = wishes.get("theme") === "dark" ? "dark" : "light";

export async function show(card, note) {
  await prepareCards({ charts: wishes.get("charts") !== "off" });
  const drawn = drawCard(card, () => undefined);
  const phone = wishes.has("phone");
  document.body.replaceChildren(
    h("p", { class: "sheet-note" }, note),
    h("div", { class: "sheet-post" }, !phone && avatar("Watchkeeper", { bot: true }), h("div", { class: "sheet-body" }, h("p", { class: "sheet-name" }, "Watchkeeper"), drawn)),
  );
  await document.fonts.ready;
  await new Promise((resolve) => setTimeout(resolve, 60)); // the charts' observers
}
