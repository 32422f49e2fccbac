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

/** Down-samples to the smallest and the largest value of each column, so that no spike is lost. */
export function columnsOf(points: readonly Point[], dotOf: (x: number) => number): Column[] {
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
