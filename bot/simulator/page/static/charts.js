// Teams' chart elements, which Microsoft's renderer does not know, drawn as SVG.
//
// A chart is drawn for the width that it has and again when that changes, so its text
// keeps its size. Colours are the theme's variables.

import { horizontalBars, stackedBars, verticalBars } from "./bars.js";
import { h, s } from "./dom.js";
import { lines } from "./lines.js";
import { donut, gauge } from "./round.js";

const CHARTS = {
  "Chart.HorizontalBar": horizontalBars,
  "Chart.HorizontalBar.Stacked": stackedBars,
  "Chart.VerticalBar": verticalBars,
  "Chart.VerticalBar.Grouped": verticalBars,
  "Chart.Line": lines,
  "Chart.Donut": donut,
  "Chart.Pie": donut,
  "Chart.Gauge": gauge,
};

export function drawCharts(AC) {
  for (const [name, draw] of Object.entries(CHARTS)) {
    AC.GlobalRegistry.elements.register(name, chartElement(AC, name, draw));
  }
}

function chartElement(AC, name, draw) {
  return class extends AC.CardElement {
    getJsonTypeName() {
      return name;
    }

    internalParse(source, context) {
      super.internalParse(source, context);
      this.source = source;
    }

    internalRender() {
      const box = h("div", { class: "chart" });
      const heading = this.source.showTitle && this.source.title ? h("div", { class: "chart-title" }, this.source.title) : undefined;
      const plot = h("div", { class: "chart-plot" });
      box.append(...[heading, plot].filter(Boolean));
      let drawnAt = 0;
      new ResizeObserver(([entry]) => {
        const width = Math.round(entry.contentRect.width);
        if (width < 40 || width === drawnAt) return;
        drawnAt = width;
        plot.replaceChildren(...picture(this.source, draw, width));
      }).observe(box);
      return box;
    }
  };
}

function picture(source, draw, width) {
  const { height, marks, legend = [] } = draw(source, width);
  const svg = s(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": source.title ?? "Chart" },
    marks,
  );
  if (legend.length === 0) return [svg];
  const entries = legend.map(({ name, color }) => h("li", { paint: color }, name));
  return [svg, h("ul", { class: "chart-legend", "aria-hidden": "true" }, entries)];
}
