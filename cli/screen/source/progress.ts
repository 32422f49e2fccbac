/** How far all runs are together. Pure. */
import type { RunState } from "../../job/run-state.js";
import type { Progress, ScreenRun } from "../data.js";

/** States in the order in which their counts are shown. */
const ORDER: readonly RunState[] = [
  ...(["finished", "running", "elsewhere", "planned"] as const),
  ...(["stopped", "failed", "out_of_memory", "lost", "skipped"] as const),
];

/** `fraction` and `secondsLeft` of a job, if one says so. Where none does, runs in training alone still have an end. */
export function progressOf(
  runs: readonly ScreenRun[],
  job: { fraction?: number | undefined; secondsLeft: number | null },
): Progress {
  const counts = new Map<RunState, number>();
  for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const finished = counts.get("finished") ?? 0;
  return {
    counts: ORDER.map((state) => ({ state, count: counts.get(state) ?? 0 })).filter(({ count }) => count > 0),
    finished,
    total: runs.length,
    fraction: finished === runs.length ? 1 : (job.fraction ?? stepsDone(runs)),
    secondsLeft: leftOf(runs, job.secondsLeft),
  };
}

/** The last step is not the end, so only finished runs make a whole. */
function stepsDone(runs: readonly ScreenRun[]): number {
  let [done, all] = [0, 0];
  for (const { state, step, totalSteps } of runs) {
    all += totalSteps;
    done += state === "finished" ? totalSteps : Math.min(step, totalSteps);
  }
  return all > 0 ? Math.min(0.99, done / all) : 0;
}

/**
 * Never less than what one of the shown runs in training has left: both are estimates, made at different moments, and a job
 * that ends before one of its runs would be a contradiction on one screen.
 */
function leftOf(runs: readonly ScreenRun[], secondsLeft: number | null): number | null {
  const training = runs.filter(({ state }) => state === "running" || state === "elsewhere");
  if (training.length === 0) return null;
  const lefts = training.map((run) => run.secondsLeft);
  const least = lefts.reduce<number>((most, left) => Math.max(most, left ?? 0), 0);
  if (secondsLeft !== null) return Math.max(secondsLeft, least);
  const known = lefts.every((left) => left !== null) && runs.every(({ state }) => state !== "planned");
  return known ? least : null;
}
