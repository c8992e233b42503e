// Lines over time, numbers or names, with a light grid and a legend below.

import { s } from "./dom.js";
import { colorOf, finite, labels, short, ticks, widthOf } from "./scales.js";
import { dateText, timeText } from "./text.js";

const HEIGHT = 150;
const TOP = 12;
const BOTTOM = 26;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// A day is a day everywhere; a moment is shown in the viewer's zone, as in the facts.
function along(values) {
  const days = values.every((value) => /^\d{4}-\d\d-\d\d$/.test(value));
  const times = values.every((value) => typeof value === "string" && !Number.isNaN(Date.parse(value)) && /^\d{4}-/.test(value));
  if (days) return { at: Date.parse, name: (value) => `${Number(value.slice(8))} ${MONTHS[Number(value.slice(5, 7)) - 1]}` };
  if (times) {
    const moments = values.map((value) => Date.parse(value));
    const oneDay = Math.max(...moments) - Math.min(...moments) <= 36 * 3600_000;
    return { at: Date.parse, name: (value) => (oneDay ? timeText(new Date(value)) : dateText(new Date(value), "SHORT").replace(/^\w+,? |\s\d{4}$/g, "")) };
  }
  if (values.every((value) => typeof value === "number")) return { at: Number, name: short };
  const order = [...new Set(values.map(String))];
  return { at: (value) => order.indexOf(String(value)), name: String };
}

export function lines(source, width) {
  const all = (source.data ?? []).map((one, at) => ({
    name: String(one.legend ?? ""),
    color: colorOf(one.color ?? source.color, at),
    points: (one.values ?? []).filter((point) => point && point.x !== undefined),
  }));
  const points = all.flatMap((one) => one.points);
  if (points.length === 0) return { height: 32, marks: [s("text", { x: 0, y: 20, class: "chart-label chart-quiet" }, "No data")] };
  const axis = along(points.map((point) => point.x));
  const values = points.map((point) => finite(point.y));
  const least = source.yMin ?? Math.min(0, ...values);
  const most = source.yMax ?? (Math.max(...values) > least ? Math.max(...values) : least + 1);
  const grid = ticks(least, most, 5);
  const words = labels(grid);
  const left = Math.max(...words.map((word) => widthOf(word))) + 10;
  const right = width - 8;
  const moments = points.map((point) => axis.at(point.x));
  const [first, last] = [Math.min(...moments), Math.max(...moments)];
  const x = (value) => (last === first ? (left + right) / 2 : left + ((axis.at(value) - first) / (last - first)) * (right - left));
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (finite(value) - least) / (most - least));
  const rules = grid.flatMap((value, at) => [
    s("line", { x1: left, x2: right, y1: y(value), y2: y(value), class: "chart-grid" }),
    s("text", { x: left - 6, y: y(value), class: "chart-label chart-quiet chart-end chart-middle" }, words[at]),
  ]);
  const drawn = all.map((one) => line(one, x, y, axis));
  const longest = all.reduce((best, one) => (one.points.length > best.points.length ? one : best));
  const legend = source.showLegend === false ? [] : all.filter((one) => one.name).map(({ name, color }) => ({ name, color }));
  return { height: HEIGHT, marks: [...rules, ...drawn.flat(), ...footnotes(longest.points, axis, x, left, right)], legend };
}

function line(one, x, y, axis) {
  const path = one.points.map((point, at) => `${at ? "L" : "M"}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`).join("");
  // Two points are a limit: a plain rule without dots.
  const dots = one.points.length > 2 ? one.points : [];
  return [
    s("path", { d: path, class: one.points.length > 2 ? "chart-line" : "chart-line chart-limit", paint: one.color }),
    ...dots.map((point) => s("circle", { cx: x(point.x), cy: y(point.y), r: 2.2, class: "chart-fill", paint: one.color }, s("title", {}, `${axis.name(point.x)}: ${short(finite(point.y))}`))),
  ];
}

// As many names as fit, at even steps back from the newest.
function footnotes(points, axis, x, left, right) {
  const names = points.map((point) => axis.name(point.x));
  const room = Math.max(...names.map((name) => widthOf(name))) + 20;
  const step = Math.max(1, Math.ceil((points.length - 1) / Math.min(6, Math.max(1, Math.floor((right - left) / room)))));
  const feet = [];
  let free = Infinity; // where the foot to the right begins
  for (let at = points.length - 1; at >= 0; at -= step) {
    const middle = x(points[at].x);
    if (free - middle < room * 0.8) continue;
    free = middle;
    const side = right - middle < room / 2 ? " chart-end" : middle - left < room / 2 ? "" : " chart-centre";
    feet.push(s("text", { x: middle, y: HEIGHT - 8, class: `chart-label chart-quiet${side}` }, names[at]));
  }
  return feet;
}
