import { ALERTS_OF_V } from "./alerts.js";
import { Bindings } from "./filter/bindings.js";
import { conditionSql, orderSql } from "./filter/condition-sql.js";
import type { Filter } from "./filter/filter.js";
import { FilterText } from "./filter/filter-text.js";
import { BASELINE_OF_V, NOTE_OF_V, TAGS_OF_V } from "./marks-sql.js";
import type { ExperimentCellRow, ExperimentRow, RunRow, StoredState } from "./rows.js";
import type { Store } from "./store.js";
import { storedSettings } from "./stored-settings.js";

/** `v_runs` calls its key `run`, so that people can join on it; a row here calls it `id`. */
const RUN = `SELECT v.run AS id, v.*, ${TAGS_OF_V} AS tags, ${NOTE_OF_V} AS note, ${BASELINE_OF_V} AS baseline,
  ${ALERTS_OF_V} AS alerts`;

export interface RunList {
  /** A run has to match all of them. */
  where?: readonly Filter[] | undefined;
  /** Only these, in this order unless `sort` gives another. */
  runs?: readonly string[] | undefined;
  /** A key as in filters, `-` before it: falling. Runs without a value come last. */
  sort?: string | undefined;
  limit?: number | undefined;
  /** Adds the score after this epoch to each run, as `epoch_score`. */
  epoch?: number | undefined;
}

/** Newest first, unless something else is asked for. */
export function listRuns(store: Store, { where = [], runs, sort, limit, epoch }: RunList = {}): RunRow[] {
  const bindings = new Bindings();
  const conditions = where.map((filter) => conditionSql(store, filter, bindings));
  const order = ["coalesce(v.started_at, v.created_at) DESC, v.attempt_id DESC, v.run"];
  let from = "v_runs v";
  if (runs !== undefined) {
    from = `json_each(${bindings.add(JSON.stringify(runs))}) named JOIN v_runs v ON v.run = named.value`;
    order.unshift("named.key");
  }
  if (sort !== undefined) order.unshift(sortSql(store, sort, bindings));
  const column =
    epoch === undefined
      ? ""
      : `, (SELECT m.value FROM metrics m WHERE m.attempt = v.attempt_id AND m.split = 'eval'
            AND m.name = v.score_name AND m.epoch = ${bindings.add(epoch)} LIMIT 1) AS epoch_score`;
  return store
    .prepare(
      `${RUN}${column} FROM ${from} ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
       ORDER BY ${order.join(", ")} LIMIT ${bindings.add(limit ?? -1)}`,
    )
    .all(bindings.values)
    .map(asRun);
}

/** Those of these runs that match. Throws UsageError for a filter that means nothing. */
export function matchingRuns(store: Store, filter: Filter, runs: readonly string[]): Set<string> {
  const bindings = new Bindings();
  const condition = conditionSql(store, filter, bindings);
  const ids = store
    .prepare(
      `SELECT v.run FROM json_each(${bindings.add(JSON.stringify(runs))}) named JOIN v_runs v ON v.run = named.value
       WHERE ${condition}`,
    )
    .pluck()
    .all(bindings.values) as string[];
  return new Set(ids);
}

function sortSql(store: Store, sort: string, bindings: Bindings): string {
  const falls = sort.startsWith("-");
  const value = orderSql(store, falls ? sort.slice(1) : sort, new FilterText(sort, "--sort"), bindings);
  return `(${value}) IS NULL, (${value}) ${falls ? "DESC" : "ASC"}`;
}

export function getRun(store: Store, id: string): RunRow | undefined {
  const row = store.prepare(`${RUN} FROM v_runs v WHERE v.run = ?`).get(id);
  return row === undefined ? undefined : asRun(row);
}

/** Runs whose id begins with `prefix`, at most `limit`. */
export function runsByPrefix(store: Store, prefix: string, limit: number): RunRow[] {
  // A range uses the primary key, LIKE would not. Ids are hexadecimal, so `g` sorts after all of them.
  return store
    .prepare(`${RUN} FROM v_runs v WHERE v.run >= ? AND v.run < ? ORDER BY v.run LIMIT ?`)
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
      `SELECT e.id, e.name, e.spec_file, e.spec_text, e.sets, e.evaluate, e.keep_adapters, e.keep_checkpoints,
              e.created_at, e.last_run_at, count(c.run) AS cells,
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

/** The newest score of the evaluation rows, by attempt: of a run in training, what is stored until now. */
export function newestScores(store: Store, runs: readonly RunRow[]): Map<number, number | null> {
  const rows = store
    .prepare(
      `SELECT a.id, s.last FROM attempts a
       JOIN metric_summaries s ON s.attempt = a.id AND s.split = 'eval' AND s.name = a.score_name
       WHERE a.id IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(runs.flatMap(({ attempt_id }) => attempt_id ?? [])));
  return new Map(rows as [number, number | null][]);
}

function asRun(row: unknown): RunRow {
  type Lists = "tags" | "alerts";
  const { run: _, tags, alerts, ...rest } = row as Omit<RunRow, Lists> & Record<Lists | "run", string>;
  return { ...rest, tags: JSON.parse(tags), alerts: JSON.parse(alerts) };
}
