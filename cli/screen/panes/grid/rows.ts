/** Which rows of the grid are shown, and how high. */
import type { Grid } from "../../../views/grid/grid.js";

/** A row of the grid, or several that wait, as one line. */
export type ShownRow = { row: number; lines: 1 | 2 } | { from: number; to: number; lines: 1 };

/** The fewest rows that are worth one line for all. */
const FEWEST_FOLDED = 2;

export interface RowsRequest {
  grid: Grid;
  /** Whether there are deviations to show below the means. */
  spreads: boolean;
  cursor: number;
}

/** From the most to the least that can be shown: two lines a row, waiting rows as one, one line a row. */
export function rowPlans({ grid, spreads, cursor }: RowsRequest): ShownRow[][] {
  const rows = grid.rows.values.map((_, row) => row);
  const all = (lines: (row: number) => 1 | 2) => rows.map((row): ShownRow => ({ row, lines: lines(row) }));
  const low = all(() => 1);
  if (!spreads) return [low, folded(grid, low, cursor)];
  const sparse = all((row) => (hasSpreads(grid, row) ? 2 : 1));
  return [all(() => 2), sparse, folded(grid, sparse, cursor), low, folded(grid, low, cursor)];
}

export const linesOf = (rows: readonly ShownRow[]): number => rows.reduce((sum, { lines }) => sum + lines, 0);

/** Those around the cursor that fit in so many lines. */
export function scrolled(rows: readonly ShownRow[], cursor: number, lines: number): ShownRow[] {
  const at = Math.max(
    0,
    rows.findIndex((one) => ("row" in one ? one.row === cursor : contains(one, cursor))),
  );
  const shown = Math.max(1, Math.min(rows.length, lines));
  const from = Math.max(0, Math.min(rows.length - shown, at - Math.floor(shown / 2)));
  return rows.slice(from, from + shown);
}

const contains = ({ from, to }: { from: number; to: number }, row: number) => from <= row && row <= to;

const cellsOf = (grid: Grid, row: number) =>
  grid.cells.slice(row * grid.cols.values.length, (row + 1) * grid.cols.values.length);

const hasSpreads = (grid: Grid, row: number) => cellsOf(grid, row).some(({ n, state }) => n > 0 || state === "running");

function folded(grid: Grid, rows: readonly ShownRow[], cursor: number): ShownRow[] {
  const waits = (one: ShownRow) => "row" in one && one.row !== cursor && isWaiting(grid, one.row);
  const shown: ShownRow[] = [];
  for (let at = 0; at < rows.length; ) {
    let end = at;
    while (end < rows.length && waits(rows[end] as ShownRow)) end++;
    if (end - at >= FEWEST_FOLDED) shown.push({ from: at, to: end - 1, lines: 1 });
    else shown.push(...rows.slice(at, Math.max(end, at + 1)));
    at = Math.max(end, at + 1);
  }
  return shown;
}

function isWaiting(grid: Grid, row: number): boolean {
  const cells = cellsOf(grid, row);
  return (
    cells.some(({ state }) => state === "planned") &&
    cells.every(({ state, n }) => n === 0 && (state === "planned" || state === "left_out"))
  );
}

/** Cells in these rows that are not trained yet. */
export const waitingCells = (grid: Grid, { from, to }: { from: number; to: number }): number => {
  const width = grid.cols.values.length;
  return grid.cells.slice(from * width, (to + 1) * width).filter(({ state }) => state === "planned").length;
};
