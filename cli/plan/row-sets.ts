import canonicalize from "canonicalize";
import type { Cell, Settings } from "../spec/cell.js";

/** Cells that train on the same rows, seen as the same tokens and judged by the same score. */
export interface RowSet {
  cells: [Cell, ...Cell[]];
}

/** Groups cells by what decides their rows, in the order of the spec. */
export function rowSets(cells: readonly Cell[]): RowSet[] {
  const sets = new Map<string, RowSet>();
  for (const cell of cells) {
    const key = canonicalize(rowsOf(cell.settings)) ?? "";
    const known = sets.get(key);
    if (known) known.cells.push(cell);
    else sets.set(key, { cells: [cell] });
  }
  return [...sets.values()];
}

/** Everything that decides rows, their tokens, and whether they can be scored. */
function rowsOf({ model, task, data, train }: Settings): object {
  const { max_length, holdout, score } = train;
  return { model, task, data, train: { max_length, holdout, score } };
}
