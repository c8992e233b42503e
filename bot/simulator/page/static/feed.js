// Every message as it stands now, kept true by the event stream.
//
// The stream may have missed something while it was down, so each (re)connection loads
// everything once more; what did not change makes no event.

import { activities, activity } from "./remote.js";

export class Feed extends EventTarget {
  #known = new Map();
  #words = new Map();
  #loaded = false; // what is there at first is no news
  #wait = 500;

  start() {
    const stream = new EventSource("/sim/stream");
    stream.addEventListener("open", () => {
      this.#wait = 500;
      this.#load();
    });
    stream.addEventListener("activity", (event) => this.#take(JSON.parse(event.data), true));
    stream.addEventListener("error", () => {
      this.dispatchEvent(new Event("offline"));
      if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again
      setTimeout(() => this.start(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, 8000);
    });
  }

  async #load() {
    try {
      const all = await activities();
      const ids = new Set(all.map((one) => one.id));
      if ([...this.#known.keys()].some((id) => !ids.has(id))) {
        this.#known.clear();
        this.#words.clear();
        this.dispatchEvent(new Event("reset")); // another simulator than before
      }
      all.forEach((one) => this.#keep(one, this.#loaded));
      this.#loaded = true;
      this.dispatchEvent(new Event("online"));
    } catch {
      this.dispatchEvent(new Event("offline"));
      setTimeout(() => this.#load(), 1000);
    }
  }

  #take(raw, live) {
    this.#keep(activity(raw), live);
  }

  #keep(one, live) {
    const words = JSON.stringify([one.text, one.card, one.deleted, one.edits]);
    const before = this.#known.get(one.id);
    if (before && (this.#words.get(one.id) === words || one.edits < before.edits)) return;
    this.#known.set(one.id, before ? { ...one, at: before.at } : one);
    this.#words.set(one.id, words);
    this.dispatchEvent(new CustomEvent("change", { detail: { activity: this.#known.get(one.id), before, live } }));
  }

  get(id) {
    return this.#known.get(id);
  }

  // In order of their making; those of one moment as they came.
  of(conversation) {
    return [...this.#known.values()].filter((one) => one.conversation === conversation).sort((a, b) => a.at - b.at);
  }
}
