/**
 * What the full screen reads of many runs, again and again: one statement each, and details only of runs that changed.
 * The attempt shown is the one in training, else the current one of `v_runs`.
 */
import type { StoredState } from "./rows.js";
import type { Store } from "./store.js";

/** Which runs: those of an experiment in the order of the spec, these in their order, or all, the newest first. */
export type Watched = { experiment: number } | { runs: readonly string[] } | "all";

/** A run, and a text that changes whenever a worker or a user changed anything that `watchedRows` reads. */
export interface WatchedMark {
  run: string;
  /** Of an experiment: its own label. */
  label: string;
  attempt: number | null;
  mark: string;
}

const SHOWN_ATTEMPT = (run: string) => `(SELECT own.id FROM attempts own WHERE own.run = ${run}
  ORDER BY own.outcome IS NULL DESC, own.outcome IS 'finished' DESC, own.number DESC LIMIT 1)`;

function marksSql(watched: Watched): string {
  const marked = (label: string, from: string, run: string, order: string) => `
    SELECT ${run}, ${label}, a.id, a.last_seq, a.outcome FROM ${from}
    LEFT JOIN attempts a ON a.id = ${SHOWN_ATTEMPT(run)} ORDER BY ${order}`;
  if (watched === "all") {
    return marked("r.label", "runs r", "r.id", "coalesce(a.started_at, r.created_at) DESC, a.id DESC, r.id");
  }
  if ("runs" in watched) {
    return marked("r.label", "json_each(@runs) j JOIN runs r ON r.id = j.value", "r.id", "j.key");
  }
  // With min(), the other columns are of the row that has it: of several combinations that are one run, the first.
  const cells =
    "(SELECT run, label, min(position) AS place FROM experiment_cells WHERE experiment = @experiment GROUP BY run)";
  return marked("c.label", `${cells} c`, "c.run", "c.place");
}

/** Cheap, so that it may be asked twice a second of thousands of runs. */
export function watchedMarks(store: Store, watched: Watched): WatchedMark[] {
  const values = watched === "all" ? {} : "runs" in watched ? { runs: JSON.stringify(watched.runs) } : { ...watched };
  const rows = store.prepare(marksSql(watched)).raw().all(values) as [string, string, number | null, ...unknown[]][];
  return rows.map(([run, label, attempt, ...rest]) => ({ run, label, attempt, mark: `${attempt} ${rest.join(" ")}` }));
}

/** What is stored of a run and its shown attempt. Without an attempt, most is null. */
export interface WatchedRow {
  run: string;
  state: StoredState;
  attempt: number | null;
  folder: string | null;
  owner: string | null;
  checkpoint: string | null;
  started_at: string | null;
  ended_at: string | null;
  total_seconds: number | null;
  tokens_per_second: number | null;
  total_steps: number | null;
  /** Of the attempt; null until its worker has said that training starts. */
  num_epochs: number | null;
  /** That the spec asks for; null if it asks for steps. */
  planned_epochs: number | null;
  train_rows: number | null;
  batch_size: number | null;
  gradient_accumulation_steps: number | null;
  /** Of the newest value that was measured. */
  step: number | null;
  resumed_step: number | null;
  score_name: string | null;
  best_score: number | null;
  best_epoch: number | null;
  newest_score: number | null;
  majority_score: number | null;
  collapsed: 0 | 1 | null;
  /** The newest of the training rows. Null: none yet, or not finite. */
  loss: number | null;
  /** After the last change until now. */
  trainable_parameters: number | null;
  merges: number;
  injections: number;
  error_type: string | null;
  message: string | null;
}

const newest = (split: string, name: string) =>
  `(SELECT s.last FROM metric_summaries s WHERE s.attempt = a.id AND s.split = '${split}' AND s.name = ${name})`;
const changes = (kind: string) => `(SELECT count(*) FROM changes d WHERE d.attempt = a.id AND d.kind = '${kind}')`;

/** In the order of `runs`. Runs that are not stored are left out. */
export function watchedRows(store: Store, runs: readonly string[]): WatchedRow[] {
  return store
    .prepare(
      `SELECT r.id AS run, coalesce(a.state, 'planned') AS state, a.id AS attempt, a.folder, a.owner, a.checkpoint,
         a.started_at, a.ended_at, a.total_seconds, a.tokens_per_second,
         coalesce(a.total_steps, r.total_steps) AS total_steps, a.num_epochs, r.num_train_epochs AS planned_epochs,
         coalesce(a.train_rows, r.train_rows) AS train_rows, r.batch_size, r.gradient_accumulation_steps,
         (SELECT max(s.last_step) FROM metric_summaries s WHERE s.attempt = a.id) AS step, a.resumed_step,
         a.score_name, a.best_score, a.best_epoch, ${newest("eval", "a.score_name")} AS newest_score,
         a.majority_score, a.collapsed, ${newest("train", "'loss'")} AS loss,
         coalesce(a.final_trainable_parameters,
           (SELECT d.trainable_parameters FROM changes d WHERE d.attempt = a.id ORDER BY d.seq DESC LIMIT 1),
           a.trainable_parameters, r.trainable_parameters) AS trainable_parameters,
         ${changes("merge")} AS merges, ${changes("inject")} AS injections, a.error_type, a.message
       FROM json_each(?) j JOIN runs r ON r.id = j.value
       LEFT JOIN attempts a ON a.id = ${SHOWN_ATTEMPT("r.id")} ORDER BY j.key`,
    )
    .all(JSON.stringify(runs)) as WatchedRow[];
}

/** The stored texts of the settings, by run; they never change. `storedSettings` reads one. */
export function settingsTexts(store: Store, runs: readonly string[]): Map<string, string> {
  const rows = store
    .prepare("SELECT id, settings FROM runs WHERE id IN (SELECT value FROM json_each(?))")
    .raw()
    .all(JSON.stringify(runs)) as [string, string][];
  return new Map(rows);
}

/** The tags of all runs that have any, by run. */
export function tagsByRun(store: Store): Map<string, string[]> {
  const byRun = new Map<string, string[]>();
  const rows = store.prepare("SELECT run, tag FROM run_tags ORDER BY run, tag").raw().all() as [string, string][];
  for (const [run, tag] of rows) {
    const tags = byRun.get(run);
    if (tags) tags.push(tag);
    else byRun.set(run, [tag]);
  }
  return byRun;
}

/** A text that changes when alerts are stored or deleted. */
export const alertsMark = (store: Store): string =>
  (store.prepare("SELECT count(*), max(id), max(at) FROM alerts").raw().get() as unknown[]).join(" ");

/** The experiment of a run that was run last, and how many runs it has. */
export function experimentOf(store: Store, run: string): { id: number; name: string; runs: number } | undefined {
  return store
    .prepare(
      `SELECT e.id, e.name, (SELECT count(DISTINCT n.run) FROM experiment_cells n WHERE n.experiment = e.id) AS runs
       FROM experiment_cells c JOIN experiments e ON e.id = c.experiment
       WHERE c.run = ? ORDER BY e.last_run_at DESC, e.id DESC LIMIT 1`,
    )
    .get(run) as { id: number; name: string; runs: number } | undefined;
}

/** Training losses of an attempt after a step, in order. Null: not finite. */
export function lossesAfter(store: Store, attempt: number, step: number): { step: number; value: number | null }[] {
  return store
    .prepare(
      `SELECT step, value FROM metrics WHERE attempt = ? AND split = 'train' AND name = 'loss' AND step > ? ORDER BY step`,
    )
    .all(attempt, step) as { step: number; value: number | null }[];
}
