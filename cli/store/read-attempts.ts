import { UsageError } from "../errors.js";
import { statOf } from "../files.js";
import type {
  ArtifactRow,
  AttemptRow,
  ChangeRow,
  EnvironmentRow,
  EpochScoreRow,
  MetricRow,
  ModuleScoreRow,
  RankRow,
} from "./rows.js";
import type { Store } from "./store.js";

/** Oldest first. */
export function getAttempts(store: Store, runId: string): AttemptRow[] {
  const rows = store.prepare("SELECT * FROM attempts WHERE run = ? ORDER BY number").all(runId) as AttemptRow[];
  return rows.map((row) => ({ ...row, folder: store.results.fromStored(row.folder) }));
}

export function getAttempt(store: Store, attemptId: number): AttemptRow | undefined {
  const row = store.prepare("SELECT * FROM attempts WHERE id = ?").get(attemptId) as AttemptRow | undefined;
  return row && { ...row, folder: store.results.fromStored(row.folder) };
}

export function getNotes(store: Store, attemptId: number): string[] {
  return store.prepare("SELECT text FROM notes WHERE attempt = ? ORDER BY position").pluck().all(attemptId) as string[];
}

export interface MetricFilter {
  split?: string;
  name?: string;
  /** Only later steps, for a reader that follows a running attempt. */
  afterStep?: number;
}

/** Sorted by split, name and step. */
export function getMetrics(store: Store, attemptId: number, filter: MetricFilter = {}): MetricRow[] {
  const where = ["attempt = @attempt"];
  if (filter.split !== undefined) where.push("split = @split");
  if (filter.name !== undefined) where.push("name = @name");
  if (filter.afterStep !== undefined) where.push("step > @afterStep");
  return store
    .prepare(
      `SELECT split, name, step, epoch, value, diverged FROM metrics WHERE ${where.join(" AND ")}
       ORDER BY split, name, step`,
    )
    .all({ ...filter, attempt: attemptId }) as MetricRow[];
}

/** The chosen score and the loss of each evaluation. */
export function getEpochScores(store: Store, attemptId: number): EpochScoreRow[] {
  return store
    .prepare(
      `SELECT s.step, s.epoch, s.value AS score, l.value AS loss
       FROM attempts a
       JOIN metrics s ON s.attempt = a.id AND s.split = 'eval' AND s.name = a.score_name
       LEFT JOIN metrics l ON l.attempt = a.id AND l.split = 'eval' AND l.name = 'loss' AND l.step = s.step
       WHERE a.id = ? ORDER BY s.step`,
    )
    .all(attemptId) as EpochScoreRow[];
}

/** The chosen score after a whole epoch; null if the run did not reach it, or the score is not a finite number. */
export function getEpochScore(store: Store, attemptId: number, epoch: number): number | null {
  return getEpochScores(store, attemptId).find((row) => row.epoch === epoch)?.score ?? null;
}

/** Sorted by step, then in the order of the model's modules. */
export function getRanks(store: Store, attemptId: number): RankRow[] {
  const rows = store
    .prepare("SELECT module, step, epoch, rank FROM ranks WHERE attempt = ? ORDER BY step, module")
    .all(attemptId) as RankRow[];
  return rows.sort((a, b) => a.step - b.step || a.module.localeCompare(b.module, "en", { numeric: true }));
}

export function getChanges(store: Store, attemptId: number): ChangeRow[] {
  return store
    .prepare(
      `SELECT seq, kind, step, epoch, span_start, span_end, source, score, margin, scores_from_epoch,
              trainable_parameters, detail FROM changes WHERE attempt = ? ORDER BY seq`,
    )
    .all(attemptId) as ChangeRow[];
}

export function getModuleScores(store: Store, attemptId: number): ModuleScoreRow[] {
  return store
    .prepare(
      `SELECT score_name, step, epoch, span_start, span_end, kind, score, trainable_parameters
       FROM module_scores WHERE attempt = ? ORDER BY step, score_name, span_start, span_end, kind`,
    )
    .all(attemptId) as ModuleScoreRow[];
}

export function getArtifacts(store: Store, attemptId: number): ArtifactRow[] {
  const rows = store
    .prepare(
      "SELECT kind, path, bytes, sha256, deleted_at, deleted_because FROM artifacts WHERE attempt = ? ORDER BY path",
    )
    .all(attemptId) as ArtifactRow[];
  return rows.map((row) => ({ ...row, path: store.results.fromStored(row.path) }));
}

/**
 * The adapter of an attempt, if its files are there; else why not, and what to do. `trains`: whether its method trains
 * anything.
 */
export function adapterOf(store: Store, run: string, attemptId: number, trains = true): string {
  const saved = getArtifacts(store, attemptId).find(({ kind }) => kind === "adapter");
  if (saved?.deleted_at) {
    throw new UsageError(
      "ADAPTER_NOT_KEPT",
      `the adapter of run ${run} was not kept (${saved.deleted_because})`,
      "lor2c run SPEC --set keep.adapters=all --force trains it again and keeps it",
    );
  }
  if (saved && statOf(saved.path)) return saved.path;
  throw new UsageError(
    "ADAPTER_MISSING",
    saved ? `the adapter of run ${run} is gone: ${saved.path}` : `run ${run} has saved no adapter`,
    trains ? "lor2c run with --force trains it again" : "its method trains nothing",
  );
}

export function getEnvironment(store: Store, environmentId: number): EnvironmentRow | undefined {
  const row = store
    .prepare(
      `SELECT id, worker_version, protocol, python, platform, device, device_description, device_memory, device_bf16,
              git_commit, git_dirty, git_diff FROM environments WHERE id = ?`,
    )
    .get(environmentId) as Omit<EnvironmentRow, "packages" | "variables" | "computing"> | undefined;
  const textsOf = (table: string, column: string): Record<string, string> => {
    const sql = `SELECT name, ${column} FROM ${table} WHERE environment = ? ORDER BY name`;
    return Object.fromEntries(store.prepare(sql).raw().all(environmentId) as [string, string][]);
  };
  return (
    row && {
      ...row,
      packages: textsOf("environment_packages", "version"),
      variables: textsOf("environment_variables", "value"),
      computing: textsOf("environment_computing", "value"),
    }
  );
}
