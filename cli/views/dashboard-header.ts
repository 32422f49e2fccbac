import type { RunState } from "../job/run-state.js";
import type { DashboardState } from "./dashboard-state.js";

/** States in the order in which their counts are shown. */
const ORDER: readonly RunState[] = [
  ...(["finished", "running", "elsewhere", "planned"] as const),
  ...(["stopped", "failed", "out_of_memory", "lost", "skipped"] as const),
];

export interface Header {
  counts: readonly { state: RunState; count: number }[];
  /** Finished runs, including those that were finished before this job. */
  finished: number;
  total: number;
  /** The done part of this job's work, 0 to 1. */
  fraction: number;
  /** Null if not yet known, or if nothing is in training. */
  secondsLeft: number | null;
}

/** The job's progress and time left. */
export function headerOf({ model }: DashboardState): Header {
  const { counts, runs } = model;
  const finished = counts.get("finished") ?? 0;
  const now = model.timeLeft();
  return {
    counts: ORDER.map((state) => ({ state, count: counts.get(state) ?? 0 })).filter(({ count }) => count > 0),
    finished,
    total: runs.size,
    fraction: finished === runs.size ? 1 : (now?.fraction ?? 0),
    secondsLeft: counts.has("running") ? (now?.secondsLeft ?? null) : null,
  };
}
