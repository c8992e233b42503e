// The channel's threads, newest at the bottom; each message drawn where it belongs.

import { drawCard, inputsOf, spokenCard } from "./cards.js";
import { avatar, h, icon } from "./dom.js";
import { isBot } from "./remote.js";
import { dateText, prepare, timeText, toHtml, utcText, withMentions } from "./text.js";

const EMPTY = "Nothing has been posted here yet.";

export class Posts {
  #place;
  #articles = new Map();
  #threads = new Map();
  #actions;

  // `actions`: press(post, action, inputs), compose(thread, cancel), names() to mention.
  constructor(place, actions) {
    this.#place = place;
    this.#actions = actions;
  }

  show(all) {
    this.#articles.clear();
    this.#threads.clear();
    this.#place.replaceChildren();
    all.forEach((one) => this.put(one));
    if (all.length === 0) this.#place.append(h("p", { class: "empty" }, this.#loading() ? "Loading…" : EMPTY));
  }

  // All that was said so far is here: an empty channel is one.
  loaded() {
    this.#place.removeAttribute("aria-busy");
    this.#place.querySelector(":scope > .empty")?.replaceChildren(EMPTY);
  }

  #loading() {
    return this.#place.hasAttribute("aria-busy");
  }

  // Draw a message, or draw it again; `live` says that somebody may be watching.
  put(activity, live = false) {
    this.#place.querySelector(":scope > .empty")?.remove();
    const old = this.#articles.get(activity.id);
    if (!old) {
      const post = new Post(activity, this.#actions);
      this.#articles.set(activity.id, post);
      this.#insert(activity, post.element);
      if (live) post.glow();
      return;
    }
    old.update(activity);
    if (live) old.glow();
  }

  // Another person: what the bot answered was for the one before.
  forgetAnswers() {
    for (const post of this.#articles.values()) post.forgetAnswer();
  }

  #insert(activity, element) {
    const thread = activity.thread && this.#threads.get(activity.thread);
    if (thread) {
      thread.replies.append(element);
      return;
    }
    const replies = h("div", { class: "replies" });
    const foot = h("div", { class: "thread-foot" });
    const open = h("button", { class: "reply-open", onclick: () => foot.replaceChildren(this.#actions.compose(activity.id, () => foot.replaceChildren(open))) }, icon("reply"), "Reply");
    foot.append(open);
    const section = h("section", { class: "thread", "data-thread": activity.id, "aria-label": `Thread of ${activity.from.name ?? "somebody"}` }, element, replies, foot);
    this.#threads.set(activity.id, { section, replies, at: activity.at });
    const later = [...this.#threads.values()].find((one) => one.at > activity.at && one.section !== section);
    this.#place.insertBefore(section, later?.section ?? null);
  }
}

class Post {
  #actions;
  #note = h("div", { class: "note-place", role: "status" });
  #content = h("div", { class: "post-content" });
  #edited = h("span", { class: "edited", hidden: true }, "Edited");
  #waiting = null; // a card that must not take away what somebody is writing

  constructor(activity, actions) {
    this.#actions = actions;
    this.#content.addEventListener("focusout", () => setTimeout(() => this.#catchUp()));
    const { from, at } = activity;
    const name = from.name || "Somebody";
    this.element = h(
      "article",
      { class: "post", "data-activity": activity.id, "aria-label": `${name}, ${timeText(at)}`, tabindex: "-1" },
      avatar(name, { bot: isBot(from) }),
      h("div", { class: "post-body" }, h("header", { class: "post-head" }, h("span", { class: "name" }, name), h("time", { datetime: at.toISOString(), title: utcText(at) }, moment(at)), this.#edited), this.#content, this.#note),
    );
    this.update(activity);
  }

  update(activity) {
    this.activity = activity;
    this.private = false;
    this.#edited.hidden = activity.edits === 0 || activity.deleted;
    this.#draw(activity.card);
  }

  // The bot answered a click with a card: for the one who clicked, until the next edit.
  showPrivately(card) {
    this.private = true;
    this.#draw(card);
  }

  // Whether somebody is filling in a form on the card.
  #writing() {
    const fields = [...this.#content.querySelectorAll("textarea, input[type=text]")];
    return fields.some((one) => one.offsetParent !== null && (one === document.activeElement || one.value.trim()));
  }

  #catchUp(sent = false) {
    if (!this.#waiting || (!sent && this.#writing())) return;
    const { card } = this.#waiting;
    this.#waiting = null;
    this.#draw(card, true);
  }

  forgetAnswer() {
    this.note();
    if (this.private) this.update(this.activity);
  }

  #draw(card, now = false) {
    const { deleted, text } = this.activity;
    if (!now && !deleted && this.#writing() && this.element.getAttribute("aria-busy") !== "true") {
      this.#waiting = { card };
      return;
    }
    this.#waiting = null;
    const focused = this.#content.contains(document.activeElement);
    const parts = [];
    if (deleted) parts.push(h("p", { class: "deleted" }, "This message has been deleted."));
    else {
      if (text && !card) parts.push(written(text, this.#actions.names()));
      if (card) parts.push(this.#drawn(card));
    }
    this.#content.replaceChildren(...parts);
    if (focused) this.element.focus({ preventScroll: true });
  }

  #drawn(card) {
    try {
      return drawCard(card, (action) => this.#press(action));
    } catch (error) {
      console.warn("card not drawn", error);
      return h("p", { class: "deleted" }, spokenCard(card) || "This card can't be shown.");
    }
  }

  async #press(action) {
    if (this.element.getAttribute("aria-busy") === "true") return;
    this.note();
    const done = busy(this.element, action);
    try {
      await this.#actions.press(this, action, inputsOf(action));
    } finally {
      done();
      this.#catchUp(true);
    }
  }

  note(text, refused = false) {
    if (!text) {
      this.#note.replaceChildren();
      return;
    }
    const close = h("button", { class: "quiet note-close", "aria-label": "Dismiss", onclick: () => this.#note.replaceChildren() }, icon("close"));
    this.#note.replaceChildren(h("div", { class: `note${refused ? " note-refused" : ""}` }, refused && icon("error"), h("span", { class: "note-text" }, text), close));
  }

  glow() {
    this.element.classList.remove("glow");
    requestAnimationFrame(() => this.element.classList.add("glow"));
  }
}

// While the bot thinks: the pressed button turns, the others wait.
export function busy(place, action) {
  place.setAttribute("aria-busy", "true");
  const buttons = [...place.querySelectorAll("button.ac-pushButton:not(:disabled)")];
  const pressed = action.renderedElement ?? buttons.find((button) => button.getAttribute("aria-expanded") === "true");
  buttons.forEach((button) => (button.disabled = true));
  pressed?.setAttribute("aria-busy", "true");
  return () => {
    place.removeAttribute("aria-busy");
    buttons.forEach((button) => (button.disabled = false));
    pressed?.removeAttribute("aria-busy");
  };
}

function moment(at) {
  const today = at.toDateString() === new Date().toDateString();
  return today ? timeText(at) : `${dateText(at, "SHORT")} ${timeText(at)}`;
}

// A message's own words. `toHtml` escapes all that it did not make itself.
function written(text, names) {
  const place = h("div", { class: "written" });
  place.innerHTML = toHtml(withMentions(prepare(text, names), names));
  return place;
}
