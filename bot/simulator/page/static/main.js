// The page's parts and what they say to each other.

import { Aside } from "./aside.js";
import { prepareCards, spokenCard } from "./cards.js";
import { Channels } from "./channels.js";
import { composeBox } from "./compose.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { Feed } from "./feed.js";
import { PersonMenu } from "./people.js";
import { Posts } from "./posts.js";
import * as remote from "./remote.js";

const wishes = new URLSearchParams(location.search);
const charts = wishes.get("charts") !== "off";
const byId = (id) => document.getElementById(id);
const feed = new Feed();
const channels = new Channels(byId("rail"));
const persons = new PersonMenu(byId("person"));
const posts = new Posts(byId("posts"), { press, compose: replyBox, names: () => new Set(known().map((one) => one.name)) });
let everybody = [];
let bot = remote.FALLBACK_BOT;
let aside;

// -- what a click leads to ------------------------------------------------------------

async function press(post, action, inputs) {
  const { id, edits } = post.activity;
  const answer = await remote.click(persons.current.key, { activity: id, title: action.title, inputs });
  if (answer.kind === "dialog") {
    openDialog(answer, (...pressed) => inDialog(post, ...pressed)).then(() => post.element.focus({ preventScroll: true }));
  } else settle(post, answer, edits);
}

async function inDialog(post, action, inputs, card) {
  const { id, edits } = post.activity;
  const answer = await remote.click(persons.current.key, { activity: id, title: action.title, inputs, dialog: card });
  if (answer.kind === "dialog") return answer;
  if (answer.kind === "refused") return { text: answer.text };
  settle(post, answer, edits);
  return { done: true };
}

function settle(post, answer, edits) {
  if (answer.kind === "refused") post.note(answer.text, true);
  else if (answer.kind === "said") post.note(answer.text);
  // An edit that came while we waited is newer than the answer.
  else if (answer.kind === "card" && answer.card && post.activity.edits === edits) post.showPrivately(answer.card);
}

// -- writing --------------------------------------------------------------------------

function known() {
  return [bot, ...everybody.filter((one) => !one.bot)];
}

function writeBox(label, placeholder, thread, cancel) {
  return composeBox({
    label,
    placeholder,
    known,
    cancel,
    send: async (text, mention) => {
      const wrong = await remote.say(persons.current.key, { conversation: channels.current.id, text, mention, ...(thread ? { reply_to: thread } : {}) });
      if (!thread) toEnd();
      return wrong;
    },
  });
}

function replyBox(thread, cancel) {
  const { box, editor } = writeBox("Reply", `Reply, @${bot.name} to ask`, thread, cancel);
  setTimeout(() => editor.focus());
  return box;
}

// -- what comes in --------------------------------------------------------------------

function nearEnd() {
  const place = byId("posts");
  return place.scrollHeight - place.scrollTop - place.clientHeight < 160;
}

function toEnd() {
  const place = byId("posts");
  place.scrollTop = place.scrollHeight;
  byId("newest").hidden = true;
}

// A card that is taller than the window is read from its first line on.
function toNewest() {
  const place = byId("posts");
  toEnd();
  const last = [...place.querySelectorAll("article")].at(-1);
  const over = last ? place.getBoundingClientRect().top - last.getBoundingClientRect().top : 0;
  if (over > 0) place.scrollTop -= over + 8;
}

feed.addEventListener("change", ({ detail: { activity, before, live } }) => {
  if (remote.isBot(activity.from) && activity.from.name) bot = { ...bot, name: activity.from.name };
  if (activity.conversation !== channels.current?.id) {
    if (live && !before) channels.heard(activity.conversation);
    return;
  }
  const follow = nearEnd();
  posts.put(activity, live);
  if (follow) requestAnimationFrame(before ? toEnd : toNewest);
  else if (live && !before) byId("newest").hidden = false;
  if (live) announce(activity, before);
  hint();
});

function announce(activity, before) {
  const what = activity.deleted ? "deleted a message" : activity.summary || spokenCard(activity.card) || activity.text.replace(/<[^>]*>/g, "");
  const line = h("p", {}, `${activity.from.name ?? "Somebody"}${before ? ", edited" : ""}: ${what}`);
  byId("live").append(line);
  setTimeout(() => line.remove(), 10_000);
}

let hinting;
function hint() {
  clearTimeout(hinting);
  hinting = setTimeout(() => aside?.refresh(feed.of(channels.current.id), persons.current), 150);
}

feed.addEventListener("offline", () => (byId("offline").hidden = false));
feed.addEventListener("online", () => {
  byId("offline").hidden = true;
  posts.loaded();
  who();
});
feed.addEventListener("reset", () => posts.show([]));

// -- the frame ------------------------------------------------------------------------

function showChannel() {
  const { id, members, personal } = channels.current;
  const name = personal ? bot.name : channels.current.name;
  byId("channel-name").textContent = name;
  byId("channel-icon").textContent = name.slice(0, 1).toUpperCase();
  byId("compose").replaceChildren(writeBox(`Write in ${name}`, personal ? `Write to ${bot.name}` : `${channels.current.team ? "Start a post" : "Write a message"}. Type @${bot.name} to ask the bot`).box);
  persons.limit(personal ? undefined : members);
  posts.show(feed.of(id));
  toNewest();
  hint();
}

async function who() {
  const [people, rooms] = await Promise.all([remote.people(), remote.conversations()]);
  if (JSON.stringify(people) === JSON.stringify(everybody)) return;
  everybody = people;
  bot = people.find((one) => one.bot) ?? bot;
  persons.fill(people, persons.current?.key ?? wishes.get("as") ?? stored("person"));
  channels.fill(rooms, persons.current.key, wishes.get("channel"));
  showChannel();
}

function stored(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

function toggles(button, place, shown) {
  const set = (open) => {
    place.classList.toggle("open", open);
    place.classList.toggle("closed", !open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
  set(shown);
  return set;
}

async function start() {
  const showRail = toggles(byId("rail-toggle"), byId("rail"), false);
  toggles(byId("aside-toggle"), byId("aside"), matchMedia("(min-width: 1100px)").matches);
  byId("newest").addEventListener("click", toEnd);
  channels.addEventListener("change", () => {
    showRail(false);
    showChannel();
  });
  persons.addEventListener("change", () => {
    try {
      sessionStorage.setItem("person", persons.current.key);
    } catch {
      // Forgotten at the next reload.
    }
    posts.forgetAnswers();
    channels.own(persons.current.key);
    hint();
  });
  const [, offers] = await Promise.all([prepareCards({ charts }), remote.offers()]);
  aside = new Aside(byId("aside"), offers, charts);
  await who();
  feed.start();
}

start().catch((error) => {
  byId("posts").replaceChildren(h("p", { class: "empty" }, "The page could not start. Is the demo running? Reload to try again."));
  console.warn(error);
});
