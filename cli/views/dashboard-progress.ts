import type { CellState } from "../job/reporter.js";
import type { DashboardState } from "./dashboard-state.js";

export interface Progress {
  counts: ReadonlyMap<CellState, number>;
  /** Runs that have their result. */
  finished: number;
  total: number;
  /** Of the work of this job, 0 to 1. */
  fraction: number;
  /** Null where it is not known yet, and when nothing is trained any more. */
  secondsLeft: number | null;
}

/** How far everything is, and how long the rest takes; the runner says so from time to time. Pure. */
export function progressOf({ cells, job, now }: DashboardState): Progress {
  const counts = new Map<CellState, number>();
  for (const { state } of cells.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
  const finished = counts.get("finished") ?? 0;
  const running = counts.has("running");
  return {
    counts,
    finished,
    total: cells.size,
    fraction: finished === cells.size ? 1 : (job?.fraction ?? 0),
    secondsLeft: job?.secondsLeft == null || !running ? null : Math.max(0, job.secondsLeft - (now - job.at) / 1000),
  };
}
