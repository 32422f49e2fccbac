/** The names that filters and `--sort` know, and what each is in SQL. A run is `v`, a row of v_runs. */
import { z } from "zod";
import { nearest } from "../../spec/suggest.js";
import { BASELINE_OF_V, NOTE_OF_V } from "../marks-sql.js";
import { RunRow } from "../rows.js";
import { lowerIsBetter } from "../score-direction.js";
import { bestStepSoFar } from "../score-so-far.js";
import type { Store } from "../store.js";
import type { Bindings } from "./bindings.js";
import type { KeyRef } from "./filter.js";
import type { FilterText } from "./filter-text.js";

/** One value per run. */
export interface ScalarKey {
  kind: "scalar";
  /** NULL: missing. */
  value: string;
  /** `integer`, `real`, `text`, `true`, `false`; anything else: missing. */
  type: string;
  /** The one type of its values where that is known before reading them. */
  only: "number" | "text" | "flag" | null;
  /** All values that there can be, if they are few. */
  values?: readonly string[];
}

/** Any number of texts per run: `= x` asks whether x is among them. */
export interface ListKey {
  kind: "list";
  /** A SELECT of all pairs of a `run` and an `item`. */
  items: string;
}

export type Key = ScalarKey | ListKey;

const LISTS: Record<string, string> = {
  tag: "SELECT run, tag AS item FROM run_tags",
  alert: "SELECT c.run, l.kind AS item FROM alerts l JOIN v_runs c ON c.attempt_id = l.attempt",
  experiment: `SELECT c.run, e.name AS item FROM experiment_cells c JOIN experiments e ON e.id = c.experiment
    UNION ALL SELECT run, CAST(experiment AS TEXT) FROM experiment_cells`,
};

/** Columns of metric_summaries that have another name. */
const COLUMNS: Record<string, string> = { min: "lowest", max: "highest" };

/** `best.accuracy`, `last.train.loss`, or as columns have it: `last:train/loss`. Without a split, on the evaluation rows. */
const METRIC = /^(best|first|last|min|max)[.:](?:(train|eval|holdout)[./])?(.+)$/;

/** Columns of v_runs by the names that they have as columns of a table. */
const SHORT: Record<string, string> = { run: "id", params: "final_trainable_parameters", seconds: "train_seconds" };

/** The score of a finished run; of another run, the best one until now. */
const SCORE = `coalesce(v.best_score, (
  SELECT m.value FROM metrics m WHERE m.attempt = v.attempt_id AND m.split = 'eval' AND m.name = v.score_name
    AND m.step = ${bestStepSoFar("v.attempt_id", "v.score_name")}))`;

/** Throws UsageError for a name that means nothing for the runs of this database. */
export function keyOf(store: Store, ref: KeyRef, source: FilterText, bindings: Bindings): Key {
  const { name, at } = ref;
  const items = LISTS[name];
  if (items !== undefined) return { kind: "list", items };
  const column = columnKey(name) ?? metricKey(store, name, bindings) ?? settingKey(store, name, bindings);
  if (column) return column;
  throw source.error(at, `no run has ${name}`, suggestion(store, name));
}

/** Columns of a list of runs that v_runs does not have. */
const DERIVED: Record<string, string> = { id: "v.run", note: NOTE_OF_V, baseline: BASELINE_OF_V };

/** Columns of a list of runs with several values, for which there are `LISTS`, and that of an option. */
const NO_KEYS: readonly string[] = ["epoch_score", "tags", "alerts"];

/** Columns of a list of runs with one value. `id` is what it calls `run` of v_runs. */
const columns = (): string[] => Object.keys(RunRow.shape).filter((name) => !NO_KEYS.includes(name));

function columnKey(name: string): ScalarKey | undefined {
  if (name === "score") return { kind: "scalar", value: SCORE, type: `typeof(${SCORE})`, only: "number" };
  const own = SHORT[name] ?? name;
  if (!columns().includes(own)) return undefined;
  const value = DERIVED[own] ?? `v.${own}`;
  const schema = plain(RunRow.shape[own as keyof typeof RunRow.shape]);
  if (schema instanceof z.ZodNumber) return { kind: "scalar", value, type: `typeof(${value})`, only: "number" };
  if (schema instanceof z.ZodLiteral) {
    return { kind: "scalar", value, type: `CASE ${value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`, only: "flag" };
  }
  const values = schema instanceof z.ZodEnum ? { values: schema.options as string[] } : {};
  return { kind: "scalar", value, type: `typeof(${value})`, only: "text", ...values };
}

function plain(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodNullable || schema instanceof z.ZodOptional
    ? plain(schema.unwrap() as z.ZodType)
    : schema;
}

function metricKey(store: Store, key: string, bindings: Bindings): ScalarKey | undefined {
  const [, which, split = "eval", name] = METRIC.exec(key) ?? [];
  if (which === undefined || name === undefined || !isMeasured(store, split, name)) return undefined;
  const [s, n] = [bindings.add(split), bindings.add(name)];
  const column = which === "best" ? (lowerIsBetter(name) ? "lowest" : "highest") : (COLUMNS[which] ?? which);
  const value = `(SELECT m.${column} FROM metric_summaries m
    WHERE m.attempt = v.attempt_id AND m.split = ${s} AND m.name = ${n})`;
  return { kind: "scalar", value, type: `typeof(${value})`, only: "number" };
}

const isMeasured = (store: Store, split: string, name: string): boolean =>
  store.prepare("SELECT 1 FROM metric_summaries WHERE split = ? AND name = ? LIMIT 1").get(split, name) !== undefined;

function settingKey(store: Store, name: string, bindings: Bindings): ScalarKey | undefined {
  const path = store
    .prepare(
      `SELECT t.fullkey FROM runs r, json_tree(r.settings) t
       WHERE replace(substr(t.fullkey, 3), '"', '') = ? AND t.type NOT IN ('object', 'array') LIMIT 1`,
    )
    .pluck()
    .get(name) as string | undefined;
  if (path === undefined) return undefined;
  const at = bindings.add(path);
  const of = (read: string) => `(SELECT ${read}(r.settings, ${at}) FROM runs r WHERE r.id = v.run)`;
  return { kind: "scalar", value: of("json_extract"), type: of("json_type"), only: null };
}

const ENDS = ["best", "last", "first", "min", "max"];

interface Names {
  own: string[];
  settings: string[];
  measured: string[];
}

function namesIn(store: Store): Names {
  const settings = store.prepare("SELECT DISTINCT key FROM v_settings ORDER BY key").pluck().all() as string[];
  const measured = store
    .prepare(
      "SELECT DISTINCT iif(split = 'eval', '', split || '.') || name FROM metric_summaries ORDER BY split <> 'eval', name",
    )
    .pluck()
    .all() as string[];
  return { own: ["score", ...Object.keys(SHORT), ...columns()], settings, measured };
}

/** Every key that runs of this database have. `sortable`: those with one value. */
export function keysIn(store: Store, { sortable }: { sortable: boolean }): string[] {
  const { own, settings, measured } = namesIn(store);
  const lists = sortable ? [] : Object.keys(LISTS);
  return [...own, ...lists, ...settings, ...ENDS.flatMap((end) => measured.map((metric) => `${end}.${metric}`))];
}

function suggestion(store: Store, name: string): string {
  const { own, settings, measured } = namesIn(store);
  const prefix = /^(best|first|last|min|max)[.:@]/.exec(name)?.[1] ?? "best";
  const metrics = measured.map((metric) => `${prefix}.${metric}`);
  const known = [...own, ...Object.keys(LISTS), ...settings, ...metrics];
  const ends = known.filter((key) => key.endsWith(`.${name}`));
  const near = ends[0] ?? nearest(name, known);
  const all = [
    "a key is score, a column of v_runs (task, method, state, best_score, ...),",
    `a setting (${[...settings.slice(-1), "..."].join(", ")}), ${Object.keys(LISTS).join(", ")}, or a metric`,
    `after best., last., min. or max. (${[...metrics.slice(0, 2), "..."].join(", ")})`,
  ].join("\n");
  return near === undefined ? all : `did you mean \`${near}\`?`;
}
