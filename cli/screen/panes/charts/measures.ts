import { type CurvesData, panelsOf } from "../../../views/curves/data.js";
import type { Point } from "../../../views/parts/chart.js";

/** A metric of one run over its epochs. */
export interface Measure {
  title: string;
  majority: number | null;
  /** At least one, by rising epoch. */
  points: readonly Point[];
  /** Of the finite values; Infinity and -Infinity without any. */
  low: number;
  high: number;
}

const known = new WeakMap<CurvesData, Measure[]>();

/** The metrics of a run in their order. Made once for each object, because a run may have tens of thousands of points. */
export function measuresOf(curves: CurvesData): Measure[] {
  let measures = known.get(curves);
  if (!measures) {
    measures = panelsOf([{ run: "", label: "", data: curves }]).map(({ title, majority, series }) => {
      const points = series[0]?.points ?? [];
      return { title, majority, points, ...range(points) };
    });
    known.set(curves, measures);
  }
  return measures;
}

function range(points: readonly Point[]): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { y } of points) {
    if (y === null) continue;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  return { low, high };
}

/** The place of the point nearest to `x`; the later one of two at the same x. */
export function nearest(points: readonly Point[], x: number): number {
  let low = 0;
  let high = points.length; // the first point beyond x
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.x ?? 0) <= x) low = middle + 1;
    else high = middle;
  }
  const before = points[low - 1];
  const after = points[low];
  if (!before) return 0;
  return after && after.x - x < x - before.x ? low : low - 1;
}
