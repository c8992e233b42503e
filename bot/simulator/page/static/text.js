// What Teams makes of a card's text: bold, italic, lists, links, mentions, dates.
//
// Mentions and dates are known by the card (its entities) or the viewer (the zone),
// markdown is drawn later by a callback that knows neither. So `prepare` marks them with
// characters of the private use area, and `toHtml` turns the marks into elements.

const OPEN = "\uE000";
const CLOSE = "\uE001";
const MARKS = /[\uE000\uE001]/g;
const DATE = /\{\{(DATE|TIME)\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))(?:, ?(COMPACT|SHORT|LONG))?\)\}\}/g;
const MENTION = /<at(?: id="[^"<>]*")?>([^<>]*)<\/at>/g;

export function prepare(text, mentioned) {
  return String(text)
    .replace(MARKS, "")
    .replace(DATE, (_, kind, when, form) => `${OPEN}${kind}|${when}|${form ?? "COMPACT"}${CLOSE}`)
    .replace(MENTION, (whole, name) => (mentioned.has(name) ? `${OPEN}AT|${name}${CLOSE}` : whole));
}

// In messages people write "@Name"; the names that are known become mentions.
export function withMentions(text, names) {
  const sorted = [...names].sort((a, b) => b.length - a.length).map((name) => name.replace(/[^\w\s]/g, "\\$&"));
  const called = new RegExp(`(^|\\s)@(${sorted.join("|")})(?!\\w)`, "g");
  return sorted.length ? text.replace(called, `$1${OPEN}AT|$2${CLOSE}`) : text;
}

export function withoutMarks(text) {
  return String(text).replace(MARKS, "");
}

// The names that a card or a message really mentions; any other <at> stays text.
export function mentionedIn(entities) {
  const found = new Set();
  for (const entity of Array.isArray(entities) ? entities : []) {
    const text = /^<at(?: id="[^"<>]*")?>([^<>]*)<\/at>$/.exec(entity?.text ?? "");
    if (entity?.type === "mention" && text) found.add(text[1]);
  }
  return found;
}

const DATES = {
  COMPACT: { year: "numeric", month: "numeric", day: "numeric" },
  SHORT: { weekday: "short", year: "numeric", month: "short", day: "numeric" },
  LONG: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
};

export function dateText(when, form) {
  // Day before month, as in the cards' own wording, whatever the browser's region.
  return when.toLocaleDateString("en-GB", DATES[form] ?? DATES.COMPACT);
}

export function timeText(when) {
  return `${when.getHours()}:${String(when.getMinutes()).padStart(2, "0")}`;
}

export function utcText(when) {
  return `${when.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function escape(text) {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0)};`);
}

function safe(address) {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(address).protocol) ? address : undefined;
  } catch {
    return undefined;
  }
}

export { safe as safeAddress };

function link(label, address) {
  return `<a href="${escape(address)}" target="_blank" rel="noopener noreferrer">${label}</a>`;
}

function marked(mark) {
  const [kind, value, form] = mark.split("|");
  if (kind === "AT") return `<span class="mention">${escape(mark.slice(3))}</span>`;
  const when = new Date(value);
  if (Number.isNaN(when.getTime())) return escape(value);
  const shown = kind === "DATE" ? dateText(when, form) : timeText(when);
  return `<time datetime="${escape(when.toISOString())}" title="${escape(utcText(when))}">${escape(shown)}</time>`;
}

const INSIDE = String.raw`((?:\\.|[^\\])*?(?:\\.|[^\\\s]))`;
const RULES = [
  [/\uE000([^\uE001]*)\uE001/y, (found) => marked(found[1])],
  [/\\([\\`*_{}[\]()#+\-.!~>|])/y, (found) => escape(found[1])],
  [/\[((?:\\.|[^\]\\])*)\]\(([^()\s]*)\)/y, (found) => (safe(found[2]) ? link(inline(found[1]), found[2]) : undefined)],
  [/https?:\/\/[^\s<>"\uE000\uE001]*[^\s<>"\uE000\uE001.,;:!?)]/y, (found) => (safe(found[0]) ? link(escape(found[0]), found[0]) : undefined)],
  [new RegExp(String.raw`\*\*(?=\S)${INSIDE}\*\*`, "y"), (found) => `<strong>${inline(found[1])}</strong>`],
  [new RegExp(String.raw`__(?=\S)${INSIDE}__(?!\w)`, "y"), (found) => `<strong>${inline(found[1])}</strong>`, true],
  [new RegExp(String.raw`\*(?=[^\s*])${INSIDE}\*`, "y"), (found) => `<em>${inline(found[1])}</em>`],
  [new RegExp(String.raw`_(?=[^\s_])${INSIDE}_(?!\w)`, "y"), (found) => `<em>${inline(found[1])}</em>`, true],
];

function inline(text) {
  let html = "";
  let at = 0;
  while (at < text.length) {
    const [drawn, length] = ruleAt(text, at) ?? [escape(text[at]), 1];
    html += drawn;
    at += length;
  }
  return html;
}

function ruleAt(text, at) {
  if (!/[\uE000\\[h*_]/.test(text[at])) return undefined; // no rule starts here
  for (const [pattern, draw, wordsOnly] of RULES) {
    if (wordsOnly && /\w/.test(text[at - 1] ?? "")) continue; // annual_income is no italic
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    const drawn = found ? draw(found) : undefined;
    if (drawn !== undefined) return [drawn, found[0].length];
  }
  return undefined;
}

const ITEM = /^\s*(?:([-*])|(\d{1,3})[.)])\s+(.*)$/;

export function toHtml(text) {
  const blocks = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const item = ITEM.exec(line);
    const kind = item ? (item[1] ? "ul" : "ol") : line.trim() ? "p" : "";
    const last = blocks[blocks.length - 1];
    if (last && last.kind === kind) last.lines.push(item ? item[3] : line);
    else blocks.push({ kind, lines: [item ? item[3] : line], start: Number(item?.[2] ?? 1) });
  }
  return blocks
    .filter((block) => block.kind)
    .map(({ kind, lines, start }) => {
      if (kind === "p") return `<p>${lines.map(inline).join("<br>")}</p>`;
      const items = lines.map((line) => `<li>${inline(line)}</li>`).join("");
      return kind === "ol" ? `<ol start="${start}">${items}</ol>` : `<ul>${items}</ul>`;
    })
    .join("");
}
