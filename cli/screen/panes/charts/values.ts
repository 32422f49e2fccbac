import { formatScore, formatValue } from "../../../views/format.js";
import type { Point } from "../../../views/parts/chart.js";
import { nearest } from "./measures.js";
import { type Drawn, isScore, type Metric } from "./model.js";
import { smoothed } from "./smooth.js";
import type { ChartsState } from "./state.js";

/**
 * Value of each run of a chart: at the cursor, else the last. Of a smoothed line `smoothed (measured)`. `slack`: epochs by
 * which the cursor may miss the ends of a line.
 */
export function valuesText(metric: Metric, state: ChartsState, slack: number): { drawn: Drawn; text: string }[] {
  const number = isScore(metric) ? formatScore : formatValue;
  return metric.lines.map(({ drawn, measure: { points } }) => {
    const at = state.cursor === null ? points.length - 1 : indexAt(points, state.cursor, slack);
    if (at === null) return { drawn, text: "-" };
    const value = points[at]?.y ?? null;
    if (value === null) return { drawn, text: "not finite" };
    if (state.smoothing === 0) return { drawn, text: number(value) };
    return { drawn, text: `${number(smoothed(points, state.smoothing)[at]?.y ?? null)} (${number(value)})` };
  });
}

/** The point nearest to an epoch; null beyond the ends of the line, where nothing is measured. */
function indexAt(points: readonly Point[], epoch: number, slack: number): number | null {
  const outside = epoch < (points[0]?.x ?? 0) - slack || epoch > (points.at(-1)?.x ?? 0) + slack;
  return outside ? null : nearest(points, epoch);
}
