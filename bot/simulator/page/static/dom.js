// Elements from plain data. Text is always a text node: nothing foreign becomes HTML.

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "paint") element.style.setProperty("--paint", value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

const ICONS = {
  send: "M3 3l15 7-15 7 2-7-2-7zm2.6 7.6h6v-1.2h-6z",
  close: "M5 5l10 10M15 5L5 15",
  reply: "M8 5L3.500 9.500 8 14M4 9.500h7.500c3 0 5 2 5 5.500",
  error: "M10 3l8 14H2zM10 8v4m0 2.200v.6",
  channel: "M4 7h12M4 13h12M8 3.500L6.500 16.500M13.500 3.500L12 16.500",
  check: "M4 10.500l4 4 8-9",
  down: "M5 8l5 5 5-5",
};

export function icon(name) {
  return s("svg", { class: `icon icon-${name}`, viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));
}

const HUES = ["#5b5fc7", "#0f6cbd", "#038387", "#8764b8", "#9b4f06", "#a4262c", "#3f6b1f", "#6b4a86"];

// The bot has a square, people have a circle, as in Teams.
export function avatar(name, { bot = false, small = false } = {}) {
  const words = name.match(/(?<![\p{L}(])\p{L}[\p{L}.'-]*/gu) ?? ["?"];
  const initials = bot ? name.slice(0, 2) : words.map((word) => word[0]).filter((_, at, all) => at === 0 || at === all.length - 1).join("");
  const hash = [...name].reduce((sum, letter) => (sum * 33 + letter.codePointAt(0)) % 65521, 5381);
  return h("span", { class: `avatar${bot ? " avatar-bot" : ""}${small ? " avatar-small" : ""}`, paint: bot ? HUES[0] : HUES[1 + (hash % (HUES.length - 1))], "aria-hidden": "true" }, initials.toUpperCase());
}
