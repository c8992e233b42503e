// Horizontal bars (one value, or stacked) and vertical bars (one series, or grouped).

import { s } from "./dom.js";
import { colorOf, finite, fitted, inTwo, labels, short, ticks, widthOf } from "./scales.js";

const ROW = 24;
const THICK = 12;

function rows(names, width) {
  const label = Math.min(Math.max(...names.map((name) => widthOf(name)), 0), width * 0.4);
  return { label, start: label + 8, words: (name, at) => rowName(name, label, at) };
}

function rowName(name, room, at) {
  const text = s("text", { x: room, y: at * ROW + ROW / 2, class: "chart-label chart-end chart-middle" }, fitted(name, room));
  text.append(s("title", {}, name));
  return text;
}

export function horizontalBars(source, width) {
  const data = (source.data ?? []).map((point) => ({ name: String(point.x ?? ""), value: finite(point.y), color: point.color ?? source.color }));
  const parts = source.displayMode === "PartToWhole";
  const { start, words } = rows(data.map((bar) => bar.name), width);
  const total = data.reduce((sum, bar) => sum + bar.value, 0) || 1;
  const shown = data.map((bar) => (parts ? `${short(Math.round((bar.value / total) * 1000) / 10)}%` : short(bar.value)));
  const room = width - start - 6 - Math.max(0, ...shown.map((text) => widthOf(text)));
  const most = parts ? total : Math.max(...data.map((bar) => bar.value), 0) || 1;
  const marks = data.map((bar, at) => {
    const length = Math.max(1, (Math.max(0, bar.value) / most) * room);
    const top = at * ROW + (ROW - THICK) / 2;
    return [
      words(bar.name, at),
      parts && s("rect", { x: start, y: top, width: room, height: THICK, rx: 1, class: "chart-track" }),
      s("rect", { x: start, y: top, width: length, height: THICK, rx: 1, class: "chart-fill", paint: colorOf(bar.color, parts ? at : 0) }, s("title", {}, `${bar.name}: ${shown[at]}`)),
      s("text", { x: start + (parts ? room : length) + 6, y: at * ROW + ROW / 2, class: "chart-label chart-middle" }, shown[at]),
    ];
  });
  return { height: Math.max(1, data.length) * ROW, marks: marks.flat() };
}

export function stackedBars(source, width) {
  const data = (source.data ?? []).map((row) => ({ name: String(row.title ?? ""), parts: row.data ?? [] }));
  const names = [...new Set(data.flatMap((row) => row.parts.map((part) => String(part.legend ?? ""))))];
  const colors = new Map(names.map((name, at) => [name, colorOf(data.flatMap((row) => row.parts).find((part) => part.legend === name)?.color ?? source.color, at)]));
  const totals = data.map((row) => row.parts.reduce((sum, part) => sum + finite(part.value), 0));
  const { start, words } = rows(data.map((row) => row.name), width);
  const room = width - start - 6 - Math.max(0, ...totals.map((total) => widthOf(short(total))));
  const most = Math.max(...totals, 0) || 1;
  const marks = data.map((row, at) => {
    let x = start;
    const pieces = row.parts.map((part) => {
      const length = (Math.max(0, finite(part.value)) / most) * room;
      const piece = s(
        "rect",
        { x, y: at * ROW + (ROW - THICK) / 2, width: Math.max(0, length - 1), height: THICK, class: "chart-fill", paint: colors.get(String(part.legend ?? "")) },
        s("title", {}, `${row.name}, ${part.legend ?? ""}: ${short(finite(part.value))}`),
      );
      x += length;
      return piece;
    });
    return [words(row.name, at), ...pieces, s("text", { x: x + 6, y: at * ROW + ROW / 2, class: "chart-label chart-middle" }, short(totals[at]))];
  });
  const legend = source.showLegend === false ? [] : names.filter(Boolean).map((name) => ({ name, color: colors.get(name) }));
  return { height: Math.max(1, data.length) * ROW, marks: marks.flat(), legend };
}

// Both kinds as series over the same names: a plain chart is a group of one.
function series(source) {
  const data = source.data ?? [];
  if (source.type !== "Chart.VerticalBar.Grouped") {
    return [{ legend: "", bars: data.map((bar) => ({ x: String(bar.x ?? ""), y: finite(bar.y), color: colorOf(bar.color ?? source.color, 0) })) }];
  }
  return data.map((one, at) => {
    const color = colorOf(one.color ?? source.color, at);
    return { legend: String(one.legend ?? ""), color, bars: (one.values ?? []).map((bar) => ({ x: String(bar.x ?? ""), y: finite(bar.y), color })) };
  });
}

export function verticalBars(source, width) {
  const all = series(source);
  const names = [...new Set(all.flatMap((one) => one.bars.map((bar) => bar.x)))];
  const stacked = Boolean(source.stacked);
  const sums = names.map((name) => all.flatMap((one) => one.bars.filter((bar) => bar.x === name)).reduce((sum, bar) => sum + bar.y, 0));
  const values = stacked ? sums : all.flatMap((one) => one.bars.map((bar) => bar.y));
  const most = source.yMax ?? (Math.max(...values, 0) || 1);
  const withValues = Boolean(source.showBarValues);
  const box = { left: 0, top: 20, bottom: 22, height: withValues ? 132 : 172 };
  const grid = withValues ? [] : gridOf(most, box, width);
  const band = (width - box.left) / Math.max(1, names.length);
  const tall = box.height - box.top - box.bottom;
  const y = (value) => box.top + tall * (1 - Math.min(1, Math.max(0, value) / most));
  const across = stacked ? 1 : all.length;
  const thick = Math.max(3, Math.min(26, (band * 0.7) / across));
  const below = names.map(() => 0);
  const bars = all.flatMap((one, place) =>
    one.bars.map((bar) => {
      const slot = names.indexOf(bar.x);
      const middle = box.left + band * (slot + 0.5);
      const x = stacked ? middle - thick / 2 : middle + (place - across / 2) * thick;
      const base = stacked ? below[slot] : 0;
      below[slot] += bar.y;
      const top = y(base + bar.y);
      const name = one.legend ? `${bar.x}, ${one.legend}` : bar.x;
      return [
        s("rect", { x, y: Math.min(top, y(base) - 1), width: Math.max(1, thick - (across > 1 ? 1 : 0)), height: Math.max(1, y(base) - top), rx: 1, class: "chart-fill", paint: bar.color }, s("title", {}, `${name}: ${short(bar.y)}`)),
        withValues && !stacked && s("text", { x: x + thick / 2, y: top - 6, class: "chart-label chart-centre" }, short(bar.y)),
      ];
    }),
  );
  const totals = withValues && stacked ? names.map((_, at) => s("text", { x: box.left + band * (at + 0.5), y: y(sums[at]) - 6, class: "chart-label chart-centre" }, short(sums[at]))) : [];
  const feet = names.map((name, at) => foot(inTwo(name, band - 4), box.left + band * (at + 0.5), box.height - 6));
  const height = box.height + (feet.some((lines) => lines.length > 1) ? 14 : 0);
  const legend = source.showLegend === false ? [] : all.filter((one) => one.legend).map((one) => ({ name: one.legend, color: one.color }));
  return { height, marks: [...grid, ...bars.flat(), ...totals, ...feet.flat()], legend };
}

function foot(lines, x, y) {
  return lines.map((line, at) => s("text", { x, y: y + 14 * at, class: "chart-label chart-quiet chart-centre" }, line));
}

function gridOf(most, box, width) {
  const values = ticks(0, most, 4);
  const words = labels(values);
  box.left = Math.max(...words.map((word) => widthOf(word))) + 10;
  const tall = box.height - box.top - box.bottom;
  return values.flatMap((value, at) => {
    const y = box.top + tall * (1 - value / most);
    return [
      s("line", { x1: box.left, x2: width, y1: y, y2: y, class: "chart-grid" }),
      s("text", { x: box.left - 8, y, class: "chart-label chart-quiet chart-end chart-middle" }, words[at]),
    ];
  });
}
