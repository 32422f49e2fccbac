/** A chart of curves as SVG that follows the colours of the page. */
import * as Plot from "@observablehq/plot";
import { epochAxis, valueAxis } from "../views/parts/plot-axes.js";
import { newDocument } from "../views/parts/svg.js";
import { oneLine } from "../views/parts/visible.js";
import type { SeedPanel } from "../views/seeds/data.js";
import { curveText, panelTitle } from "../views/seeds/text.js";
import { Html, html } from "./html.js";

const WIDTH = 900;
const HEIGHT = 320;
/** Lines with a colour of their own; the others are grey until their name is pointed at. */
const COLOURS = 7;

export function chartHtml(panel: SeedPanel): Html {
  const names = panel.curves.map((curve, at) => {
    const swatch = html`<svg viewBox="0 0 20 6" aria-hidden="true"><path d="M0 3H20" stroke="${colour(at)}" stroke-width="4"/></svg>`;
    return html`<li><button type="button" data-line="${at}">${swatch}${curveText(curve)}</button></li>`;
  });
  const several = panel.curves.some(({ points }) => points.some(({ n }) => n > 1));
  const band = several ? " A line is the mean over seeds, its band goes from the lowest to the highest." : "";
  return html`<figure class="chart">
<figcaption>${panelTitle(panel)}.${band}</figcaption>
<div class="wide" tabindex="0" role="region" aria-label="Chart: ${panelTitle(panel)}">${drawing(panel)}</div>
<ul class="legend" aria-label="Lines">${names}</ul>
</figure>`;
}

const colour = (at: number): string => (at < COLOURS ? `var(--c${at})` : "var(--muted)");

function drawing({ curves, metric, majority }: SeedPanel): Html {
  const lines = curves.map(({ points }, at) => ({
    points,
    stroke: colour(at),
    band: at < COLOURS && points.some(({ n }) => n > 1),
  }));
  const points = curves.flatMap((curve) => curve.points);
  const plot = Plot.plot({
    document: newDocument(),
    width: WIDTH,
    height: HEIGHT,
    ...{ marginLeft: 64, marginRight: 16, marginTop: 20, marginBottom: 34 },
    x: epochAxis(points.map(({ epoch }) => epoch)),
    y: { label: oneLine(metric), ...valueAxis(points.map(({ mean }) => mean)), ticks: 6 },
    marks: [
      ...(majority === null ? [] : [Plot.ruleY([majority], { stroke: "var(--muted)", strokeDasharray: "4 3" })]),
      ...lines
        .filter(({ band }) => band)
        .map(({ points, stroke }) =>
          Plot.areaY(points, { x: "epoch", y1: "low", y2: "high", fill: stroke, fillOpacity: 0.15 }),
        ),
      // Each line is a mark of its own, in the order of the legend; a line of one point has a dot.
      ...lines.map(({ points, stroke }) =>
        Plot.line(points, {
          x: "epoch",
          y: "mean",
          stroke,
          strokeWidth: 1.6,
          className: "series",
          marker: points.length === 1,
        }),
      ),
    ],
  }) as unknown as DrawnElement;
  return new Html(withoutStyles(plot));
}

/** What this file uses of an element; the types of a browser's elements are not part of this program. */
interface DrawnElement {
  querySelectorAll(selector: string): Iterable<DrawnElement>;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
  outerHTML: string;
}

/** The policy of the page allows no styles but its own, and parts of a picture need no names. */
function withoutStyles(plot: DrawnElement): string {
  for (const style of [...plot.querySelectorAll("style")]) style.remove();
  for (const group of [...plot.querySelectorAll('g[aria-label="line"]')]) {
    for (const path of [...group.querySelectorAll("path")]) path.setAttribute("class", "series");
  }
  for (const element of [plot, ...plot.querySelectorAll("*")]) {
    for (const name of ["style", "xmlns", "xmlns:xlink", "aria-label", "aria-hidden", "aria-description"]) {
      element.removeAttribute(name);
    }
  }
  plot.removeAttribute("class");
  plot.setAttribute("aria-hidden", "true");
  return plot.outerHTML;
}
