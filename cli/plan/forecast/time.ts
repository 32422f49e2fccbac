import type { PlannedCell } from "../cell.js";
import { fillSlots, idle } from "../fill-slots.js";
import { epochsOf, laneEpochs, laneEvaluations } from "../tree.js";
import { combined, type Range, sum, times } from "./range.js";
import type { Speed } from "./speed.js";

/** Seconds of a worker that trains these cells as one tree, from its start to its end. */
export function treeSeconds(cells: readonly PlannedCell[], speed: Speed): Range {
  const steps = times(speed.trainRow, laneEpochs(cells, "probable") * rowsOf(cells));
  const checks = times(checkOf(cells, speed), cells.length);
  return sum([speed.start, speed.load, steps, evaluations(cells, speed), checks]);
}

/**
 * Seconds of one of the cells, like its attempt's `total_seconds`: its own steps, its part of loading and evaluating,
 * and the check of what it saved.
 */
export function runSeconds(cell: PlannedCell, tree: readonly PlannedCell[], speed: Speed): Range {
  const shared = sum([speed.load, evaluations(tree, speed)]);
  const steps = times(speed.trainRow, epochsOf(cell) * rowsOf(tree));
  return sum([steps, times(shared, 1 / tree.length), checkOf(tree, speed)]);
}

/** When the last of the workers is done; each starts the next tree as soon as one has ended. */
export const jobSeconds = (trees: readonly Range[], slots: number): Range =>
  combined(trees, (lengths) => fillSlots(lengths, idle(slots)));

/** The check of saved runs: each is loaded and evaluated again. A run without steps saves nothing. */
const checkOf = (cells: readonly PlannedCell[], { finish, evaluationRow }: Speed): Range =>
  cells.every(({ inspected }) => inspected.total_steps === 0)
    ? { low: 0, likely: 0, high: 0 }
    : sum([finish, times(evaluationRow, cells[0]?.inspected.eval_rows ?? 0)]);

const evaluations = (cells: readonly PlannedCell[], { evaluationRow }: Speed): Range =>
  times(evaluationRow, laneEvaluations(cells) * evaluationRowsOf(cells));

const rowsOf = (cells: readonly PlannedCell[]): number => cells[0]?.inspected.train_rows ?? 0;

/** Held-out rows are evaluated too. */
function evaluationRowsOf(cells: readonly PlannedCell[]): number {
  const [cell] = cells;
  if (!cell) return 0;
  const { train_rows, eval_rows } = cell.inspected;
  const { holdout } = cell.settings.train;
  const held = holdout === null ? 0 : holdout < 1 ? ((train_rows ?? 0) * holdout) / (1 - holdout) : holdout;
  return (eval_rows ?? 0) + held;
}
