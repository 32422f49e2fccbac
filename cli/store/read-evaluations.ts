/** Reads evaluations, their tasks and the rows that were scored. */
import type { z } from "zod";
import type * as rows from "./evaluation-rows.js";
import type { Store } from "./store.js";

export interface EvaluationRow extends z.infer<typeof rows.EvaluationRow> {
  /** What a reader of its score must know, without the benchmark's name. */
  notes: string[];
}
type EvaluationTaskRow = z.infer<typeof rows.EvaluationTaskRow>;
export type SampleRow = z.infer<typeof rows.SampleRow>;

const COLUMNS = `key, model, model_hash, adapter_hash, protocol, benchmark, data_hash, settings_hash, settings, metric,
  decoding, rows, all_rows, shots, cut_rows, max_new_tokens, folder, begun_at, ended_at, score, standard_error, seconds,
  prompt_tokens, new_tokens, samples_sha256, message, state`;

export function getEvaluation(store: Store, key: string): EvaluationRow | undefined {
  const row = store.prepare(`SELECT ${COLUMNS} FROM evaluations WHERE key = ?`).get(key);
  return row === undefined ? undefined : evaluationOf(store, row);
}

/** Those of a run, by protocol, benchmark and time. */
export function evaluationsOf(store: Store, run: string): EvaluationRow[] {
  return store
    .prepare(
      `SELECT ${COLUMNS} FROM evaluations WHERE key IN (SELECT evaluation FROM evaluation_runs WHERE run = ?)
       ORDER BY protocol, benchmark, begun_at, key`,
    )
    .all(run)
    .map((row) => evaluationOf(store, row));
}

/** The names of untuned models that have evaluations. */
export const evaluatedModels = (store: Store): string[] =>
  store.prepare("SELECT DISTINCT model FROM evaluations WHERE adapter_hash IS NULL").pluck().all() as string[];

export const evaluationTasks = (store: Store, key: string): EvaluationTaskRow[] =>
  store
    .prepare("SELECT task, score, standard_error, rows FROM evaluation_tasks WHERE evaluation = ? ORDER BY task")
    .all(key) as EvaluationTaskRow[];

const evaluationNotes = (store: Store, key: string): string[] =>
  store
    .prepare("SELECT text FROM evaluation_notes WHERE evaluation = ? ORDER BY position")
    .pluck()
    .all(key) as string[];

export interface SampleFilter {
  benchmark?: string | undefined;
  task?: string | undefined;
  /** Only rows that are not right. */
  wrong?: boolean | undefined;
  /** At most so many; null: all. */
  limit: number | null;
}

const MATCHES = `evaluation IN (SELECT evaluation FROM evaluation_runs WHERE run = @run)
  AND (@benchmark IS NULL OR e.benchmark = @benchmark) AND (@task IS NULL OR s.task = @task)
  AND (@wrong = 0 OR s.right = 0)`;

/** The scored rows of a run: wrong ones first, then in the order in which they were scored. */
export function samplesOf(store: Store, run: string, { limit, ...filter }: SampleFilter): SampleRow[] {
  return store
    .prepare(
      `SELECT s.evaluation, e.protocol, e.benchmark, s.row, s.task, s.score, s.right, s.gold, s.output, s.detail,
              s.shots, s.prompt_tokens, s.new_tokens, s.prompt_hash
       FROM samples s JOIN evaluations e ON e.key = s.evaluation
       WHERE ${MATCHES} ORDER BY s.right, e.protocol, e.benchmark, s.evaluation, s.position LIMIT @limit`,
    )
    .all({ ...given(run, filter), limit: limit ?? -1 }) as SampleRow[];
}

/** How many rows the filter matches, how many of them are right, and of what they are. */
export function countSamples(
  store: Store,
  run: string,
  filter: Omit<SampleFilter, "limit">,
): { rows: number; right: number; matched_evaluations: number; matched_benchmarks: number } {
  return store
    .prepare(
      `SELECT count(*) AS rows, coalesce(sum(s.right), 0) AS right, count(DISTINCT s.evaluation) AS matched_evaluations,
              count(DISTINCT e.protocol || ' ' || e.benchmark) AS matched_benchmarks
       FROM samples s JOIN evaluations e ON e.key = s.evaluation WHERE ${MATCHES}`,
    )
    .get(given(run, filter)) as {
    rows: number;
    right: number;
    matched_evaluations: number;
    matched_benchmarks: number;
  };
}

const given = (run: string, { benchmark, task, wrong }: Omit<SampleFilter, "limit">) => ({
  ...{ run, benchmark: benchmark ?? null, task: task ?? null },
  wrong: wrong ? 1 : 0,
});

function evaluationOf(store: Store, row: unknown): EvaluationRow {
  const found = row as z.infer<typeof rows.EvaluationRow>;
  return { ...found, folder: store.results.fromStored(found.folder), notes: evaluationNotes(store, found.key) };
}
