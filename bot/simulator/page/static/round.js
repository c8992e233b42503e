// Donut, pie and gauge.

import { s } from "./dom.js";
import { colorOf, finite, short } from "./scales.js";

const SIZE = 140;

// A piece of a ring from one turn to another: 0 is at the top, 1 is all around.
function piece(from, to, outer, inner, [cx, cy]) {
  const end = Math.min(to, from + 0.9999); // a whole ring has no two ends to join
  const at = (turn, radius) => {
    const angle = (turn - 0.25) * 2 * Math.PI;
    return `${(cx + radius * Math.cos(angle)).toFixed(2)} ${(cy + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const large = end - from > 0.5 ? 1 : 0;
  return `M${at(from, outer)}A${outer} ${outer} 0 ${large} 1 ${at(end, outer)}L${at(end, inner)}A${inner} ${inner} 0 ${large} 0 ${at(from, inner)}Z`;
}

export function donut(source, width) {
  const data = (source.data ?? []).map((part, at) => ({ name: String(part.legend ?? ""), value: Math.max(0, finite(part.value)), color: colorOf(part.color, at) }));
  const total = data.reduce((sum, part) => sum + part.value, 0) || 1;
  const centre = [width / 2, SIZE / 2];
  const outer = SIZE / 2 - 4;
  const inner = source.type === "Chart.Pie" ? 0 : source.thickness === "Thick" ? outer * 0.5 : outer * 0.68;
  let turn = 0;
  const pieces = data.map((part) => {
    const from = turn;
    turn += part.value / total;
    const path = { d: piece(from, turn, outer, inner, centre), class: "chart-fill chart-slice", paint: part.color };
    return s("path", path, s("title", {}, `${part.name}: ${short(part.value)}`));
  });
  const middle = source.value && inner > 0 && s("text", { x: centre[0], y: centre[1], class: "chart-figure chart-centre chart-middle" }, String(source.value));
  const legend = source.showLegend === false ? [] : data.map(({ name, value, color }) => ({ name: `${name} ${short(value)}`, color }));
  return { height: SIZE, marks: [...pieces, middle], legend };
}

export function gauge(source, width) {
  const least = finite(source.min);
  const segments = (source.segments ?? []).map((part) => ({ ...part, size: Math.max(0, finite(part.size)) }));
  const sum = segments.reduce((all, part) => all + part.size, 0);
  const most = typeof source.max === "number" ? source.max : least + (sum || 100);
  const radius = Math.min(90, width / 2 - 24);
  const centre = [width / 2, radius + 8];
  const value = finite(source.value);
  const share = (at) => Math.min(1, Math.max(0, (at - least) / (most - least || 1)));
  const arc = (from, to) => piece(0.75 + from / 2, 0.75 + to / 2, radius, radius * 0.72, centre);
  let reached = least;
  const parts = segments.map((part, at) => {
    const from = share(reached);
    reached += part.size;
    return s("path", { d: arc(from, share(reached)), class: "chart-fill chart-slice", paint: colorOf(part.color, at) }, s("title", {}, `${part.legend ?? ""} ${short(part.size)}`));
  });
  const shown = source.valueFormat === "Fraction" ? `${short(value)}/${short(most)}` : `${Math.round(share(value) * 100)}%`;
  const angle = share(value) * 180 - 90;
  const needle = source.showNeedle !== false && s("path", { d: `M${centre[0] - 3} ${centre[1]}L${centre[0]} ${centre[1] - radius + 4}L${centre[0] + 3} ${centre[1]}Z`, class: "chart-needle", transform: `rotate(${angle} ${centre[0]} ${centre[1]})` });
  const ends = source.showMinMax === false ? [] : [
    s("text", { x: centre[0] - radius * 0.86, y: centre[1] + 16, class: "chart-label chart-quiet chart-centre" }, short(least)),
    s("text", { x: centre[0] + radius * 0.86, y: centre[1] + 16, class: "chart-label chart-quiet chart-centre" }, short(most)),
  ];
  const words = [
    s("text", { x: centre[0], y: centre[1] + 20, class: "chart-figure chart-centre" }, shown),
    source.subLabel && s("text", { x: centre[0], y: centre[1] + 38, class: "chart-label chart-quiet chart-centre" }, String(source.subLabel)),
  ];
  const legend = source.showLegend === false ? [] : segments.filter((part) => part.legend).map((part, at) => ({ name: String(part.legend), color: colorOf(part.color, at) }));
  return { height: centre[1] + (source.subLabel ? 44 : 28), marks: [s("path", { d: arc(0, 1), class: "chart-track" }), ...parts, needle, ...ends, ...words], legend };
}
