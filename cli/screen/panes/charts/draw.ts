import type { Look } from "../../pane.js";
import type { Raster } from "../../raster.js";
import { drawEdges, drawEpochs } from "./edges.js";
import { type Box, columnOf, slackOf } from "./layout.js";
import { drawLines } from "./lines.js";
import { drawChanges, drawMajority } from "./marks.js";
import type { Model } from "./model.js";
import { SIGNS } from "./signs.js";
import type { ChartsState } from "./state.js";
import { ACCENT, DIM, type Styles, TITLE, WARN } from "./styles.js";
import { valuesText } from "./values.js";

/** Draws one chart into its place. What comes later stays behind what is there. */
export function drawBox(pane: Raster, box: Box, model: Model, state: ChartsState, look: Look, styles: Styles): void {
  const whole = pane.part(box.row, box.column, box);
  if (box.headed) drawHead(whole, box, state, styles);
  const below = whole.part(Number(box.headed), 0, box);
  const cursor = state.cursor === null ? null : Math.min(box.epochs[1], Math.max(box.epochs[0], state.cursor));
  drawEdges(below, box);
  drawEpochs(below, box, cursor);
  const plot = below.part(0, box.gutter, box.plot);
  const edge = below.part(0, box.gutter + box.plot.columns + 1, { columns: 1, rows: box.plot.rows });
  drawLines(plot, edge, box, state, look, styles);
  if (cursor !== null) plot.behind(0, columnOf(box, cursor), box.plot.rows, 1, SIGNS.cursor, ACCENT);
  drawChanges(below.part(0, box.gutter, { columns: box.plot.columns, rows: box.rows }), box, model.changes);
  drawMajority(plot, box);
}

function drawHead(whole: Raster, { metric, chosen, note, ...box }: Box, state: ChartsState, styles: Styles): void {
  let at = whole.write(0, 0, metric.title, chosen ? TITLE : DIM);
  if (note !== null) at = whole.write(0, at + 2, note, WARN);
  for (const { drawn, text } of valuesText(metric, state, slackOf(box))) {
    const entry = `${drawn.letter} ${text}`;
    if (at + 2 + entry.length > box.columns) break;
    at = whole.write(0, at + 2, entry, styles.get(drawn));
  }
}
