import type { StoredState } from "../store/read.js";
import type { PlannedCell } from "./cell.js";

export interface Remaining {
  /** Runs for this process to train. */
  todo: PlannedCell[];
  /** Runs with a finished attempt in the store. */
  finished: PlannedCell[];
}

/**
 * The remaining runs of a plan. A run that did not finish counts as a whole, even if a checkpoint has part of it. A run
 * that another process trains is included, because only a claim can tell whether that process is alive.
 */
export function remaining(cells: readonly PlannedCell[], states: Map<string, StoredState>, force: boolean): Remaining {
  const isDone = (cell: PlannedCell) => !force && states.get(cell.id) === "finished";
  return { todo: cells.filter((cell) => !isDone(cell)), finished: cells.filter(isDone) };
}
