import type { CellState } from "../run/reporter.js";
import { type DashboardCell, type DashboardState, OPEN } from "./dashboard-state.js";

export interface Progress {
  counts: ReadonlyMap<CellState, number>;
  /** Runs that will not change any more. */
  ended: number;
  total: number;
  /** Share of all steps, 0 to 1; a run that ended counts whole, whatever its end. */
  fraction: number;
  /** Null until one step has been measured. */
  secondsLeft: number | null;
}

/** How far everything is, and how long the rest takes when it goes on like this. Pure. */
export function progressOf(state: DashboardState): Progress {
  const cells = [...state.cells.values()];
  const counts = new Map<CellState, number>();
  for (const cell of cells) counts.set(cell.state, (counts.get(cell.state) ?? 0) + 1);
  const open = cells.filter((cell) => OPEN.includes(cell.state));
  const steps = cells.reduce((sum, cell) => sum + cell.totalSteps, 0);
  const left = open.reduce((sum, cell) => sum + stepsLeft(cell), 0);
  return {
    counts,
    ended: cells.length - open.length,
    total: cells.length,
    fraction: steps > 0 ? 1 - left / steps : cells.length > 0 && open.length === 0 ? 1 : 0,
    secondsLeft: secondsLeft(cells, open, state),
  };
}

/** From the time of a whole step so far, evaluation and loading included, shared among the runs at a time. */
function secondsLeft(cells: DashboardCell[], open: DashboardCell[], { jobs, now }: DashboardState): number | null {
  if (open.length === 0) return 0;
  let steps = 0;
  let seconds = 0;
  for (const cell of cells) {
    if (cell.startedAt === null || cell.step === 0) continue;
    steps += cell.step;
    seconds += ((cell.endedAt ?? now) - cell.startedAt) / 1000;
  }
  if (steps === 0) return null;
  const lanes = Math.max(1, Math.min(jobs, open.length));
  const shared = (open.reduce((sum, cell) => sum + stepsLeft(cell), 0) * (seconds / steps)) / lanes;
  const longest = Math.max(...open.map((cell) => cell.secondsLeft ?? 0));
  return Math.max(shared, longest);
}

function stepsLeft(cell: DashboardCell): number {
  return Math.max(0, cell.totalSteps - cell.step);
}
