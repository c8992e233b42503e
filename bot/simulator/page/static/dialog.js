// A dialog that a button opened (task/fetch): one card over the page.

import { drawCard, inputsOf } from "./cards.js";
import { h, icon } from "./dom.js";
import { busy } from "./posts.js";

// `send(action, inputs, card)` answers {done} to close, {card, title} to go on, {text} to
// stay with a sentence. Resolves when the dialog is closed.
export function openDialog(first, send) {
  const heading = h("h2", { class: "dialog-title", id: "dialog-title" });
  const body = h("div", { class: "dialog-body" });
  const note = h("p", { class: "note note-refused", role: "alert", hidden: true });
  const close = h("button", { class: "quiet", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"));
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title" }, h("header", { class: "dialog-head" }, heading, close), body, note);

  const show = ({ title, card }) => {
    heading.textContent = title || heading.textContent || "Watchkeeper";
    note.hidden = true;
    body.replaceChildren(
      drawCard(card, async (action) => {
        if (body.getAttribute("aria-busy") === "true") return;
        const done = busy(body, action);
        const answer = await send(action, inputsOf(action), card);
        done();
        if (answer.done) dialog.close();
        else if (answer.card) show(answer);
        else {
          note.textContent = answer.text;
          note.hidden = false;
        }
      }),
    );
    body.querySelector("input:not([type=hidden]), textarea, select, button")?.focus();
  };

  document.body.append(dialog);
  dialog.showModal();
  show(first);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
  });
}
