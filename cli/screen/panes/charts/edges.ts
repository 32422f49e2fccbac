import { formatEpoch } from "../../../views/format.js";
import type { Raster } from "../../raster.js";
import { type Box, columnAt, rowAt } from "./layout.js";
import { SIGNS } from "./signs.js";
import { DIM, SELECTED } from "./styles.js";

/** Numbers and edge on the left, and the line below. */
export function drawEdges(chart: Raster, { plot, gutter, y, x, lined }: Box): void {
  chart.behind(0, gutter - 1, plot.rows, 1, SIGNS.edge, DIM);
  for (const { at, text } of y.ticks) {
    const row = rowAt(at, plot);
    chart.write(row, gutter - 1 - text.length, text, DIM);
    chart.put(row, gutter - 1, SIGNS.tick, DIM);
  }
  if (!lined) return;
  chart.put(plot.rows, gutter - 1, SIGNS.corner, DIM);
  for (const { at } of x.ticks) chart.put(plot.rows, gutter + columnAt(at, plot), SIGNS.mark, DIM);
  chart.behind(plot.rows, gutter, 1, plot.columns, SIGNS.floor, DIM);
}

/** Numbers of epochs in the last row, and the cursor's, which has right of way. */
export function drawEpochs(chart: Raster, { x, gutter, plot, lined }: Box, cursor: number | null): void {
  const row = plot.rows + Number(lined);
  if (gutter > "epoch".length) chart.write(row, 0, "epoch", DIM);
  const texts = x.ticks.map(({ at, text }) => ({ at, text, style: DIM }));
  if (cursor !== null) texts.unshift({ at: x.place(cursor), text: ` ${formatEpoch(cursor)} `, style: SELECTED });
  const taken: [from: number, to: number][] = [];
  for (const { at, text, style } of texts) {
    const from = Math.max(0, Math.min(plot.columns - text.length, columnAt(at, plot) - (text.length >> 1)));
    if (taken.some(([start, end]) => from <= end && from + text.length >= start)) continue;
    taken.push([from, from + text.length]);
    chart.write(row, gutter + from, text, style);
  }
}
