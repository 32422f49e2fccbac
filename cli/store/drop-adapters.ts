/**
 * Deletes the adapters that a spec's `keep.adapters` does not keep. Their rows are marked first, with all that says
 * whether they may go in the same transaction; files follow. What is interrupted in between is finished by the next job
 * that ends, or by `lor2c gc`: a row never says that an adapter is there which is gone.
 */
import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { UsageError } from "../errors.js";
import { discard, statOf } from "../files.js";
import type { KeepAdapters } from "../spec/keep-schema.js";
import { evaluatorOf } from "./evaluations.js";
import { runningAttempts } from "./lease.js";
import { sharedFolders } from "./neighbours.js";
import { lowerIsBetter } from "./score-direction.js";
import type { Store } from "./store.js";

const ASIDE = ".removing-";

interface Request {
  /** Id of the experiment. */
  experiment: number;
  keep: Exclude<KeepAdapters, "all">;
  /** Runs whose adapters may go, as nothing needs them any more; null: all of the experiment. */
  runs: readonly string[] | null;
}

interface Dropped {
  adapters: number;
  /** Why adapters that should go stay: one line for each run. */
  stay: string[];
  /** One line for each folder that could not be deleted. */
  problems: string[];
}

interface Row {
  attempt: number;
  run: string;
  label: string;
  path: string;
  keep_adapters: KeepAdapters;
  /** 1: of the attempt whose score counts. */
  current: number;
  /** What scores are compared within: as in `v_best`, but across methods. */
  family: string;
  score_name: string | null;
  best_score: number | null;
}

/**
 * Of attempts that finished, and with them checked their adapter, and that were trained with this setting or a stricter
 * one. A run that is trained or evaluated keeps its adapters until the next time.
 */
export function dropAdapters(store: Store, { experiment, keep, runs }: Request): Dropped {
  const stay: string[] = [];
  const dropped = store.write(() => {
    const mayGo = runs && new Set(runs);
    const rows = savedAdapters(store, experiment);
    const wanted = (keep === "best" ? beaten(rows) : rows).filter(
      (row) => (row.keep_adapters === "none" || row.keep_adapters === keep) && (mayGo === null || mayGo.has(row.run)),
    );
    if (wanted.length === 0) return [];
    const needed = neededBy(store, experiment, [...new Set(wanted.map(({ run }) => run))]);
    const started = startedFrom(store);
    const mark = store.prepare(
      "UPDATE artifacts SET deleted_at = ?, deleted_because = ? WHERE attempt = ? AND path = ? AND deleted_at IS NULL",
    );
    return wanted.filter((row) => {
      if (runningAttempts(store, row.run).length > 0 || evaluatorOf(store, row.run) !== null) return false;
      const why = needed.get(row.run) ?? started.get(resolve(store.folder, row.path)) ?? outside(store, row);
      if (why !== null) stay.push(`the adapter of ${row.label} stays: ${why}`);
      else mark.run(new Date().toISOString(), `keep.adapters: ${keep}`, row.attempt, row.path);
      return why === null;
    });
  });
  return { adapters: dropped.length, stay, problems: clearDropped(store) };
}

/** Folders of adapters that are marked as deleted, and are there all the same. */
export function unclearedAdapters(store: Store): string[] {
  const rows = store
    .prepare(
      `SELECT a.run, f.path FROM artifacts f JOIN attempts a ON a.id = f.attempt
       WHERE f.kind = 'adapter' AND f.deleted_at IS NOT NULL`,
    )
    .all() as Pick<Row, "run" | "path">[];
  const there = rows.filter((row) => statOf(resolve(store.folder, row.path)) && outside(store, row) === null);
  const shared = sharedFolders(store, [...new Set(there.map(({ run }) => run))]);
  return there.filter(({ run }) => !shared.has(run)).map(({ path }) => resolve(store.folder, path));
}

/** Deletes them. Under the lock they only get another name. Returns one line for each that could not be deleted. */
export function clearDropped(store: Store): string[] {
  if (unclearedAdapters(store).length === 0) return [];
  const aside = store.write(() =>
    unclearedAdapters(store).map((path) => {
      const to = join(store.folder, "runs", ASIDE + randomUUID());
      renameSync(path, to);
      return to;
    }),
  );
  return aside.flatMap((path) => discard(path) ?? []);
}

function savedAdapters(store: Store, experiment: number): Row[] {
  return store
    .prepare(
      `SELECT a.id AS attempt, a.run, v.label, f.path, a.keep_adapters, v.attempt_id = a.id AS current,
              json_array(v.model, v.task, v.own_rows, v.score_name, v.train_rows, v.eval_rows, v.numerics,
                (SELECT f.value FROM run_fingerprints f WHERE f.run = v.run AND f.name = 'data')) AS family,
              v.score_name, v.best_score
       FROM artifacts f JOIN attempts a ON a.id = f.attempt JOIN v_runs v ON v.run = a.run
       JOIN (SELECT run, min(position) AS position FROM experiment_cells WHERE experiment = ? GROUP BY run) c ON c.run = a.run
       WHERE f.kind = 'adapter' AND f.deleted_at IS NULL AND a.outcome = 'finished' ORDER BY c.position, a.number`,
    )
    .all(experiment) as Row[];
}

/** All but the best of each family, where one has a score: of equal ones, the first in the order of the spec stays. */
function beaten(rows: readonly Row[]): Row[] {
  const best = new Map<string, Row>();
  for (const row of rows) {
    if (row.current !== 1 || row.best_score === null) continue;
    const other = best.get(row.family)?.best_score ?? null;
    const better = lowerIsBetter(row.score_name ?? "") ? -1 : 1;
    if (other === null || better * (row.best_score - other) > 0) best.set(row.family, row);
  }
  return rows.filter((row) => best.has(row.family) && best.get(row.family) !== row);
}

/** Runs that others have too, and who that is. */
function neededBy(store: Store, experiment: number, runs: readonly string[]): Map<string, string> {
  const others = store
    .prepare(
      `SELECT c.run, min(e.name) AS name FROM experiment_cells c JOIN experiments e ON e.id = c.experiment
       WHERE c.experiment <> ? AND c.run IN (SELECT value FROM json_each(?)) GROUP BY c.run`,
    )
    .all(experiment, JSON.stringify(runs)) as { run: string; name: string }[];
  const here = others.map(({ run, name }) => [run, `another experiment (${name}) has this run too`] as const);
  const beside = [...sharedFolders(store, runs)].map(([run, path]) => [run, `${path} has this run too`] as const);
  return new Map([...beside, ...here]);
}

/** Folders that runs start from, each with the reason why it stays. */
function startedFrom(store: Store): Map<string, string> {
  const rows = store
    .prepare(
      `SELECT json_extract(settings, '$.train.start_from') AS path, label FROM runs
       WHERE json_extract(settings, '$.train.start_from') IS NOT NULL`,
    )
    .all() as { path: string; label: string }[];
  return new Map(rows.map(({ path, label }) => [resolve(path), `${label} starts from it (train.start_from)`]));
}

/** Why a path of a database that somebody else may have written is not deleted; null: it is in the folder of its run. */
function outside(store: Store, { run, path }: Pick<Row, "run" | "path">): string | null {
  const full = resolve(store.folder, path);
  try {
    store.results.fromStored(full);
    if (full.startsWith(store.results.ofRun(run) + sep)) return null;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  return `${full} is not in the folder of the run`;
}
