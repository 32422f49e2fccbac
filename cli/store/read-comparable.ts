/** Runs with their scores, and everything that decides whether two of them may be averaged. */
import type { Settings } from "../spec/cell.js";
import type { StoredState } from "./rows.js";
import type { Store } from "./store.js";
import { storedSettings } from "./stored-settings.js";

export interface ExperimentRef {
  id: number;
  name: string;
  last_run_at: string;
}

/** One run with its current attempt. Scores are as the worker computes them, higher is better. */
export interface ComparableRun {
  id: string;
  model: string;
  task: string;
  seed: number;
  state: StoredState;
  score_name: string | null;
  best_score: number | null;
  last_score: number | null;
  majority_score: number | null;
  /** At the end of training, without the head. */
  trainable_parameters: number | null;
  eval_rows: number | null;
  ended_at: string | null;
  settings: Settings;
  fingerprint: Record<string, string>;
  /**
   * The same score on the held-out part of train, at its best and at the last evaluation; null if nothing was held
   * out.
   */
  holdout_best: number | null;
  holdout_last: number | null;
  /** The experiments that contain the run, newest first. */
  experiments: ExperimentRef[];
  /** Of a score over the rows of a benchmark (read-evaluated.ts). */
  standard_error?: number | null;
  /** Names the rows and settings of a benchmark's score, which is not averaged with scores under others. */
  evaluated?: string;
}

type Row = Omit<ComparableRun, "settings" | "fingerprint" | "experiments"> & { settings: string; fingerprint: string };

/** All runs of these tasks, whatever their state. */
export function comparableRuns(store: Store, tasks: readonly string[]): ComparableRun[] {
  const rows = store
    .prepare(
      `SELECT v.run AS id, v.model, v.task, v.seed, v.state, v.score_name, v.best_score, v.last_score, v.majority_score,
         v.final_trainable_parameters AS trainable_parameters, v.eval_rows, v.ended_at, r.settings,
         (SELECT json_group_object(f.name, f.value) FROM run_fingerprints f WHERE f.run = v.run) AS fingerprint,
         (SELECT max(m.value) FROM metrics m
          WHERE m.attempt = v.attempt_id AND m.split = 'holdout' AND m.name = v.score_name) AS holdout_best,
         (SELECT m.value FROM metrics m
          WHERE m.attempt = v.attempt_id AND m.split = 'holdout' AND m.name = v.score_name
          ORDER BY m.step DESC LIMIT 1) AS holdout_last
       FROM v_runs v JOIN runs r ON r.id = v.run
       WHERE v.task IN (SELECT value FROM json_each(?)) ORDER BY v.run`,
    )
    .all(JSON.stringify(tasks)) as Row[];
  const experiments = experimentsByRun(store);
  return rows.map((row) => ({
    ...row,
    settings: storedSettings(row.settings) as unknown as Settings,
    fingerprint: JSON.parse(row.fingerprint) as Record<string, string>,
    experiments: experiments.get(row.id) ?? [],
  }));
}

function experimentsByRun(store: Store): Map<string, ExperimentRef[]> {
  const rows = store
    .prepare(
      `SELECT DISTINCT c.run, e.id, e.name, e.last_run_at FROM experiment_cells c JOIN experiments e ON e.id = c.experiment
       ORDER BY e.last_run_at DESC, e.id DESC`,
    )
    .all() as (ExperimentRef & { run: string })[];
  const found = new Map<string, ExperimentRef[]>();
  for (const { run, ...experiment } of rows) found.set(run, [...(found.get(run) ?? []), experiment]);
  return found;
}
