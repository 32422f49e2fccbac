import type { RunState } from "../store/read.js";
import type { PlannedCell } from "./cell.js";

export interface Remaining {
  /** To be trained by this process. */
  todo: PlannedCell[];
  /** Nothing to do: a finished attempt is in the store. */
  finished: PlannedCell[];
}

/**
 * What of a plan is left to do; what did not finish counts whole, from wherever its worker can go on. A run that
 * another process trains is offered to the queue as well, because only a claim can tell whether that process lives.
 */
export function remaining(cells: readonly PlannedCell[], states: Map<string, RunState>, force: boolean): Remaining {
  const isDone = (cell: PlannedCell) => !force && states.get(cell.id) === "finished";
  return { todo: cells.filter((cell) => !isDone(cell)), finished: cells.filter(isDone) };
}
