// What the charts share: colours, round numbers for an axis, the width of a text.

const NAMED = /^(good|warning|attention|neutral|categorical[A-Z]\w*|diverging[A-Z]\w*)$/;
const RAMP = /^sequential(Red|Green|Yellow|)([1-8])$/;
const RAMPS = { "": "categoricalBlue", Red: "categoricalRed", Green: "categoricalGreen", Yellow: "categoricalMarigold" };
const ORDER = ["Blue", "Purple", "Teal", "Red", "Marigold", "Lavender", "Green", "LightBlue", "Lime"];

// A name of Teams, or the colour that comes next when a card names none.
export function colorOf(name, index = 0) {
  if (NAMED.test(name ?? "")) return `var(--chart-${name})`;
  const step = RAMP.exec(name ?? "");
  if (step) return `color-mix(in oklab, var(--chart-${RAMPS[step[1]]}) ${20 + 10 * Number(step[2])}%, var(--card-default))`;
  return `var(--chart-categorical${ORDER[index % ORDER.length]})`;
}

export function finite(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

// At most `most` round values from the least to the greatest, both inside.
export function ticks(least, greatest, most = 5) {
  const span = greatest - least || 1;
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => span / size <= most) ?? span;
  const first = Math.ceil(least / step - 1e-9);
  const last = Math.floor(greatest / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

// All with as many decimals as the one that needs most: 0.0, 0.1, 0.25 read badly mixed.
export function labels(values) {
  const places = Math.max(0, ...values.map((value) => (String(value).split(".")[1] ?? "").length));
  if (Math.max(0, ...values.map(Math.abs)) >= 10_000) return values.map((value) => (value ? `${Number((value / 1000).toPrecision(3))}k` : "0"));
  return values.map((value) => value.toFixed(Math.min(places, 4)));
}

export function short(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(6)));
}

const pen = document.createElement("canvas").getContext("2d");

export function widthOf(text, size = 12) {
  pen.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

// In one line if it fits, else in two, each cut to the room.
export function inTwo(text, room) {
  const words = text.split(" ");
  if (widthOf(text) <= room || words.length === 1) return [fitted(text, room)];
  const widest = (cut) => Math.max(widthOf(words.slice(0, cut).join(" ")), widthOf(words.slice(cut).join(" ")));
  const cuts = words.slice(1).map((_, at) => at + 1);
  const best = cuts.reduce((one, other) => (widest(other) < widest(one) ? other : one));
  return [words.slice(0, best), words.slice(best)].map((part) => fitted(part.join(" "), room));
}

export function fitted(text, room) {
  if (widthOf(text) <= room) return text;
  let kept = text;
  while (kept.length > 1 && widthOf(`${kept}…`) > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}
