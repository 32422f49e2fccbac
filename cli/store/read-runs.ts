import type { ExperimentCellRow, ExperimentRow, RunRow, StoredState } from "./rows.js";
import type { Store } from "./store.js";
import { storedSettings } from "./stored-settings.js";

/** `v_runs` calls its key `run`, so that people can join on it; a row here calls it `id`. */
const RUN = `SELECT run AS id, *,
  (SELECT json_group_array(t.tag ORDER BY t.tag) FROM run_tags t WHERE t.run = v_runs.run) AS tags,
  (SELECT n.text FROM run_notes n WHERE n.run = v_runs.run) AS note,
  EXISTS (SELECT 1 FROM baselines b WHERE b.run = v_runs.run) AS baseline`;
const FROM = "FROM v_runs";

export interface RunFilter {
  state?: StoredState;
  task?: string;
  method?: string;
  model?: string;
  experiment?: number;
  limit?: number;
  /** Adds the score after this epoch to each run, as `epoch_score`. */
  epoch?: number | undefined;
}

/** Newest first. */
export function listRuns(store: Store, filter: RunFilter = {}): RunRow[] {
  const where: string[] = [];
  for (const key of ["state", "task", "method", "model"] as const) {
    if (filter[key] !== undefined) where.push(`${key} = @${key}`);
  }
  if (filter.experiment !== undefined)
    where.push("run IN (SELECT run FROM experiment_cells WHERE experiment = @experiment)");
  const columns =
    filter.epoch === undefined
      ? ""
      : `, (SELECT m.value FROM metrics m WHERE m.attempt = attempt_id AND m.split = 'eval'
            AND m.name = score_name AND m.epoch = @epoch LIMIT 1) AS epoch_score`;
  const sql = `${RUN}${columns} ${FROM} ${where.length > 0 ? `WHERE ${where.join(" AND ")}` : ""}
    ORDER BY coalesce(started_at, created_at) DESC, attempt_id DESC, run LIMIT @limit`;
  return store
    .prepare(sql)
    .all({ ...filter, limit: filter.limit ?? -1 })
    .map(asRun);
}

export function getRun(store: Store, id: string): RunRow | undefined {
  const row = store.prepare(`${RUN} ${FROM} WHERE run = ?`).get(id);
  return row === undefined ? undefined : asRun(row);
}

/** Runs whose id begins with `prefix`, at most `limit`. */
export function runsByPrefix(store: Store, prefix: string, limit: number): RunRow[] {
  // A range uses the primary key, LIKE would not. Ids are hexadecimal, so `g` sorts after all of them.
  return store
    .prepare(`${RUN} ${FROM} WHERE run >= ? AND run < ? ORDER BY run LIMIT ?`)
    .all(prefix, `${prefix}g`, limit)
    .map(asRun);
}

/** The settings that a run was planned with. */
export function getSettings(store: Store, id: string): Record<string, unknown> {
  const text = store.prepare("SELECT settings FROM runs WHERE id = ?").pluck().get(id) as string;
  return storedSettings(text);
}

export function getFingerprint(store: Store, id: string): Record<string, string> {
  const rows = store.prepare("SELECT name, value FROM run_fingerprints WHERE run = ? ORDER BY name").raw().all(id);
  return Object.fromEntries(rows as [string, string][]);
}

/** The state of each of these runs. Ids that are not in the database are left out. */
export function runStates(store: Store, ids: string[]): Map<string, StoredState> {
  const rows = store
    .prepare("SELECT run, state FROM v_runs WHERE run IN (SELECT value FROM json_each(?))")
    .raw()
    .all(JSON.stringify(ids));
  return new Map(rows as [string, StoredState][]);
}

/** Newest first. */
export function experiments(store: Store): ExperimentRow[] {
  return store
    .prepare(
      `SELECT e.id, e.name, e.spec_file, e.spec_text, e.sets, e.evaluate, e.created_at, e.last_run_at, count(c.run) AS cells,
              coalesce(sum(v.state = 'finished'), 0) AS finished, count(v.running_attempt) AS running
       FROM experiments e
       LEFT JOIN (SELECT DISTINCT experiment, run FROM experiment_cells) c ON c.experiment = e.id
       LEFT JOIN v_runs v ON v.run = c.run
       GROUP BY e.id ORDER BY e.last_run_at DESC, e.id DESC`,
    )
    .all() as ExperimentRow[];
}

/** In the order of the spec. */
export function experimentCells(store: Store, experiment: number): ExperimentCellRow[] {
  const cells = store
    .prepare("SELECT position, run, label FROM experiment_cells WHERE experiment = ? ORDER BY position")
    .all(experiment) as Omit<ExperimentCellRow, "axes">[];
  const axes = store.prepare("SELECT axis, value FROM cell_axes WHERE experiment = ? AND position = ?").raw();
  return cells.map((cell) => ({
    ...cell,
    axes: Object.fromEntries(axes.all(experiment, cell.position) as [string, number | string | null][]),
  }));
}

function asRun(row: unknown): RunRow {
  const { run: _, tags, ...rest } = row as Omit<RunRow, "tags"> & { run: string; tags: string };
  return { ...rest, tags: JSON.parse(tags) };
}
