// The box to write in: "@" offers the bot and the people, Enter sends.

import { avatar, h, icon } from "./dom.js";

let boxes = 0;

// `known()` lists whom to mention, {name, bot, note}; `send(text, mentionsBot)` resolves
// with what went wrong after all, and throws when nothing was sent.
export function composeBox({ label, placeholder, known, send, cancel }) {
  const listId = `mentions-${(boxes += 1)}`;
  const editor = h("div", { class: "editor", contenteditable: "plaintext-only", role: "textbox", "aria-multiline": "true", "aria-label": label, "data-placeholder": placeholder, "aria-controls": listId, "aria-autocomplete": "list" });
  const offered = h("ul", { class: "mentions", id: listId, role: "listbox", "aria-label": "People to mention", hidden: true });
  const failed = h("p", { class: "note note-refused", role: "alert", hidden: true });
  const button = h("button", { class: "quiet send", "aria-label": "Send" }, icon("send"));
  const box = h("div", { class: "compose" }, offered, failed, h("div", { class: "compose-row" }, editor, button));
  const menu = new Menu(editor, offered, known);

  const submit = async () => {
    const text = read(editor, known());
    if (!text.whole) return;
    const written = [...editor.childNodes];
    editor.replaceChildren(); // at once: the answer may take a while
    editor.focus();
    const wrong = await send(text.words, text.mentionsBot).catch((error) => {
      if (!editor.hasChildNodes()) editor.append(...written);
      return `Not sent: ${error.message}`;
    });
    failed.textContent = wrong;
    failed.hidden = !wrong;
  };

  button.addEventListener("click", submit);
  editor.addEventListener("input", () => {
    if (!editor.textContent.trim() && !editor.querySelector(".mention")) editor.replaceChildren(); // the placeholder again
    menu.look();
  });
  editor.addEventListener("blur", () => setTimeout(() => menu.close(), 150));
  editor.addEventListener("keydown", (event) => {
    if (menu.key(event)) event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && cancel) cancel();
  });
  return { box, editor };
}

class Menu {
  #editor;
  #list;
  #known;
  #found = [];
  #chosen = 0;

  constructor(editor, list, known) {
    this.#editor = editor;
    this.#list = list;
    this.#known = known;
  }

  look() {
    const asked = this.#asked();
    this.#found = asked === undefined ? [] : this.#known().filter((one) => one.name.toLowerCase().startsWith(asked.toLowerCase()) || one.name.toLowerCase().split(" ").some((word) => word.startsWith(asked.toLowerCase()))).slice(0, 6);
    this.#chosen = 0;
    this.#show();
  }

  // The letters after an "@" before the caret, or undefined.
  #asked() {
    const { anchorNode: node, anchorOffset: offset } = getSelection();
    if (node?.nodeType !== Node.TEXT_NODE || !this.#editor.contains(node)) return undefined;
    return /(?:^|\s)@([\p{L}\p{N}.()-]*(?: [\p{L}\p{N}.()-]*)?)$/u.exec(node.data.slice(0, offset))?.[1];
  }

  #show() {
    this.#list.hidden = this.#found.length === 0;
    this.#list.replaceChildren(
      ...this.#found.map((one, at) =>
        h("li", { id: `${this.#list.id}-${at}`, role: "option", "aria-selected": String(at === this.#chosen), onpointerdown: (event) => { event.preventDefault(); this.#take(at); } }, avatar(one.name, { bot: one.bot, small: true }), h("span", {}, one.name), h("span", { class: "quiet-text" }, one.bot ? "Bot" : (one.note ?? ""))),
      ),
    );
    if (this.#list.hidden) this.#editor.removeAttribute("aria-activedescendant");
    else this.#editor.setAttribute("aria-activedescendant", `${this.#list.id}-${this.#chosen}`);
  }

  // True when the key was for the menu.
  key(event) {
    if (this.#list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.#chosen = (this.#chosen + step + this.#found.length) % this.#found.length;
      this.#show();
    } else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#chosen);
    else if (event.key === "Escape") this.close();
    else return false;
    return true;
  }

  close() {
    this.#found = [];
    this.#show();
  }

  #take(at) {
    const { anchorNode: node, anchorOffset: offset } = getSelection();
    const start = node.data.slice(0, offset).lastIndexOf("@");
    const rest = node.splitText(start);
    rest.deleteData(0, offset - start);
    const blank = document.createTextNode("\u00a0");
    rest.before(h("span", { class: "mention", contenteditable: "false" }, this.#found[at].name), blank);
    getSelection().collapse(blank, 1);
    this.close();
  }
}

// What was written. The mention of the bot is taken out: the remote control puts it
// back as Teams does.
function read(editor, known) {
  let text = "";
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) text += node.data;
    else if (node.classList?.contains("mention")) text += `@${node.textContent}`;
    else if (node.nodeName === "BR") text += "\n";
    else {
      if (node !== editor && text) text += "\n";
      node.childNodes.forEach(walk);
    }
  };
  walk(editor);
  text = text.replaceAll("\u00a0", " ");
  const bot = known.find((one) => one.bot)?.name ?? "";
  const called = new RegExp(`(^|\\s)@${bot.replace(/[^\w\s]/g, "\\$&")}(?!\\w)`, "gi");
  const words = text.replace(called, "$1").replace(/[ \t]+/g, " ").trim();
  return { whole: text.trim(), words, mentionsBot: text.search(called) >= 0 };
}
