import { methodTrains, shippedCatalog } from "../spec/catalog.js";
import { checkpointsByRun } from "./checkpoints.js";
import { getAttempt } from "./read-attempts.js";
import { getRun } from "./read-runs.js";
import type { Store } from "./store.js";

/** Where a run that is not finished begins when it is trained again, and if that is at zero, why. */
export type NextStart =
  | { from: "checkpoint"; step: number; total_steps: number | null }
  | { from: "zero"; why: "never_began" | "failed" | "trains_nothing" | "keeps_none" | "no_checkpoint" };

/**
 * Decides it for every command that tells it. Leaves out runs that are finished or in training, or that the database does
 * not have. A checkpoint from before the newest attempt counts only if that attempt went on from it, or did not get so
 * far as to look: else it was of no use to it, e.g. of another version.
 */
export function nextStarts(store: Store, runs: readonly string[]): Map<string, NextStart> {
  const checkpoints = checkpointsByRun(store);
  const starts = new Map<string, NextStart>();
  for (const id of runs) {
    const run = getRun(store, id);
    if (!run || run.state === "finished" || run.running_attempt !== null) continue;
    const attempt = run.attempt_id === null ? undefined : getAttempt(store, run.attempt_id);
    if (run.state === "failed") {
      starts.set(id, { from: "zero", why: "failed" });
      continue;
    }
    const looked = attempt !== undefined && attempt.initial_weights !== null;
    const usable = checkpoints.get(id)?.find(({ step, writtenAt }) => {
      return !looked || step === attempt.resumed_step || writtenAt >= Date.parse(attempt.started_at);
    });
    if (usable) starts.set(id, { from: "checkpoint", step: usable.step, total_steps: run.total_steps });
    else if (attempt === undefined) starts.set(id, { from: "zero", why: "never_began" });
    else if (!methodTrains(shippedCatalog(), run.method)) starts.set(id, { from: "zero", why: "trains_nothing" });
    else starts.set(id, { from: "zero", why: keepsNone(store, id) ? "keeps_none" : "no_checkpoint" });
  }
  return starts;
}

/** Whether the newest experiment of a run writes no checkpoints. */
const keepsNone = (store: Store, run: string): boolean =>
  store
    .prepare(
      `SELECT keep_checkpoints FROM experiments WHERE id = (SELECT max(experiment) FROM experiment_cells WHERE run = ?)`,
    )
    .pluck()
    .get(run) === "none";
