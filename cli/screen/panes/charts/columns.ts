import type { Point } from "../../../views/parts/chart.js";

/** All points of a series in one column of dots. */
export interface Column {
  dot: number;
  /** Null: none of its values is finite. */
  range: { first: number; last: number; low: number; high: number } | null;
  /** Whether the line goes on to here from the column before: no value between was not finite. */
  joined: boolean;
  /** Whether a value here is not finite. */
  broken: boolean;
}

const known = new WeakMap<readonly Point[], { axis: string; columns: readonly Column[] }>();

/** The columns of a series on an axis of so many columns of dots; kept for the axis on which it was drawn last. */
export function columnsOn(
  points: readonly Point[],
  [low, high]: readonly [number, number],
  dots: number,
): readonly Column[] {
  const axis = `${low} ${high} ${dots}`;
  const before = known.get(points);
  if (before?.axis === axis) return before.columns;
  const each = high > low ? (dots - 1) / (high - low) : 0;
  const columns = columnsOf(points, (x) => (each === 0 ? dots >> 1 : Math.round((x - low) * each)));
  known.set(points, { axis, columns });
  return columns;
}

/** Down-samples to the smallest and the largest value of each column, so that no spike is lost. */
function columnsOf(points: readonly Point[], dotOf: (x: number) => number): Column[] {
  const columns: Column[] = [];
  let column: Column | undefined;
  let gap = true;
  for (const { x, y } of points) {
    const dot = dotOf(x);
    if (column?.dot !== dot) {
      column = { dot, range: null, joined: false, broken: false };
      columns.push(column);
    }
    if (y === null) {
      column.broken = true;
      gap = true;
      continue;
    }
    if (column.range === null) {
      column.range = { first: y, last: y, low: y, high: y };
      column.joined = !gap;
    } else {
      column.range.last = y;
      if (y < column.range.low) column.range.low = y;
      if (y > column.range.high) column.range.high = y;
    }
    gap = false;
  }
  return columns;
}
