/** What stands behind the lines: changes of the structure, and the score of a constant answer. */
import { constantAnswer } from "../../../store/score-direction.js";
import { formatEpoch, formatScore } from "../../../views/format.js";
import type { Raster } from "../../raster.js";
import { type Box, columnOf, rowAt } from "./layout.js";
import type { Model } from "./model.js";
import { SIGNS } from "./signs.js";
import { ACCENT, DIM } from "./styles.js";

/** Vertical lines, and `m6`, `i3`, or `mi6` for both: on the line below the drawing, else where they hide nothing. */
export function drawChanges(chart: Raster, box: Box, changes: Model["changes"]): void {
  const { rows, columns } = box.plot;
  const kinds = new Map<number, Set<string>>();
  for (const { epoch, kind } of changes) kinds.set(epoch, (kinds.get(epoch) ?? new Set()).add(kind.slice(0, 1)));
  let free = 0;
  for (const [epoch, letters] of [...kinds].toSorted(([a], [b]) => a - b)) {
    if (epoch < box.epochs[0] || epoch > box.epochs[1]) continue;
    const column = columnOf(box, epoch);
    chart.behind(0, column, rows, 1, SIGNS.change, DIM);
    const text = `${[...letters].join("")}${formatEpoch(epoch)}`;
    const from = Math.min(column, columns - text.length);
    const row = box.lined ? rows : freeRow(chart, rows, from, text, [SIGNS.change]);
    if (from < free || row === null) continue;
    chart.write(row, from, text, ACCENT);
    free = from + text.length + 1;
  }
}

/** A horizontal line and its name; if it is beyond the axis, only where it is. */
export function drawMajority(plot: Raster, { y, plot: size, metric }: Box): void {
  if (metric.majority === null || y.ticks.length === 0) return;
  const at = y.place(metric.majority);
  const beyond = at < 0 ? "below: " : at > 1 ? "above: " : "";
  const row = rowAt(Math.min(1, Math.max(0, at)), size);
  if (beyond === "") plot.behind(row, 0, 1, size.columns, SIGNS.majority, DIM);
  const text = `${beyond}${constantAnswer(metric.title)} ${formatScore(metric.majority)}`;
  const over = [SIGNS.majority];
  for (let column = size.columns - text.length; column >= 0; column--) {
    if (!isFree(plot, row, column, text, over)) continue;
    plot.write(row, column, text, DIM);
    return;
  }
}

/** The first row in which a text hides nothing but the signs of `over`. */
function freeRow(chart: Raster, rows: number, column: number, text: string, over: readonly string[]): number | null {
  for (let row = 0; row < rows; row++) if (isFree(chart, row, column, text, over)) return row;
  return null;
}

const isFree = (chart: Raster, row: number, column: number, text: string, over: readonly string[]): boolean =>
  [...text].every((_, i) => chart.isBlank(row, column + i) || over.includes(chart.textAt(row, column + i)));
