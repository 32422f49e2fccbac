/**
 * The small language of columns: which value of a run stands in a column of a table, as users write it after
 * `--columns`. Pure; read-values.ts reads what it names.
 */
import { UsageError } from "../errors.js";
import { type ColumnWords, columnWords } from "./column-words.js";
import type { RunRow } from "./rows.js";
import { lowerIsBetter } from "./score-direction.js";

/** An evaluation or a log line of a metric: the epoch that the score chose, the one fixed by the spec, or a number. */
export type Moment = "best" | "fixed" | number;
/** The best is the lowest of a loss or an error, else the highest. */
type End = "first" | "last" | "lowest" | "highest";

export type Source =
  | { of: "run"; column: RunColumn }
  | { of: "score" }
  | { of: "setting"; path: string }
  | { of: "end"; split: string; name: string; end: End }
  | { of: "moment"; split: string; name: string; at: Moment }
  | { of: "benchmark"; benchmark: string };

export interface ValueColumn {
  /** As written, without `as ...`: the key in JSON. */
  key: string;
  heading: string;
  source: Source;
  /** Which direction is better; null where none is, e.g. of a setting. */
  better: "higher" | "lower" | null;
}

/** Short names of what a run has, with the column of `v_runs` and the direction that is better. */
const SHORT: Record<string, [column: RunColumn, better: ValueColumn["better"]]> = {
  params: ["final_trainable_parameters", "lower"],
  seconds: ["train_seconds", "lower"],
  run: ["id", null],
};

/** Columns of `v_runs` in which less is better. */
const COSTS: readonly string[] = [
  ...["trainable_parameters", "final_trainable_parameters", "head_parameters", "total_parameters"],
  ...[
    "train_seconds",
    "total_seconds",
    "cpu_seconds",
    "peak_memory",
    "mean_memory",
    "p99_memory",
    "energy",
    "optimism",
  ],
];

/** Columns of `v_runs` that are a column here by their own name. */
const OF_RUN = [
  ...["label", "model", "task", "method", "seed", "state", "score_name", "best_score", "best_epoch", "last_score"],
  ...["majority_score", "trainable_parameters", "final_trainable_parameters", "head_parameters", "total_parameters"],
  ...["train_rows", "eval_rows", "total_steps", "num_epochs", "train_seconds", "total_seconds", "train_tokens"],
  ...[
    "tokens_per_second",
    "peak_memory",
    "mean_memory",
    "p99_memory",
    "mean_utilization",
    "max_utilization",
    "cpu_seconds",
  ],
  ...["energy", "started_at", "ended_at", "learning_rate", "batch_size", "precision"],
  ...["max_length", "chosen_on", "chosen_score", "eval_best_score", "optimism", "fixed_score", "numerics", "attempts"],
] as const satisfies readonly (keyof RunRow)[];

/** A column of `v_runs` that has one value. */
type RunColumn = (typeof OF_RUN)[number] | "id";

const ENDS: Record<string, End | "best"> = {
  best: "best",
  min: "lowest",
  max: "highest",
  first: "first",
  last: "last",
};

/** What a column may be, for help and errors. */
const COLUMN_FORMS =
  "score, METRIC (at the best epoch), best:METRIC, last:, first:, min:, max:, METRIC@EPOCH, eval:BENCHMARK, a setting such as method.merges, params, seconds, peak_memory";

/** Whether runs have measured a metric of this name, which may have blanks, an `@` or a dot. */
export type IsStored = (metric: Metric) => boolean;

const NOTHING_STORED: IsStored = () => false;

/** Columns separated by commas: `best:accuracy, method.merges as M`. Throws UsageError. */
export function parseColumns(text: string, isStored?: IsStored): ValueColumn[] {
  const columns = columnWords(text).map((one) => columnOf(one, isStored));
  const twice = columns.find(({ key }, at) => columns.findIndex((other) => other.key === key) < at);
  if (twice) throw new UsageError("COLUMN_INVALID", `the column ${twice.key} stands twice`, "name it once");
  return columns;
}

/**
 * One column. A metric of training rows has its split before it: `last:train/loss`. What is the name of a stored metric
 * is that metric: `accuracy@1` is no epoch where a metric is called so. Throws UsageError.
 */
export function parseColumn(text: string, isStored?: IsStored): ValueColumn {
  const [words, more] = columnWords(text);
  if (!words || more) throw invalid(text.trim(), "it is several");
  return columnOf(words, isStored);
}

function columnOf({ text, key, heading, quoted }: ColumnWords, isStored: IsStored = NOTHING_STORED): ValueColumn {
  if (quoted) {
    const source = quotedSource(key, quoted, isStored);
    return { key, heading: heading ?? key, source, better: betterOf(source) };
  }
  if (isStored(splitName(text)) && shortOf(text) === undefined && text !== "score") return metricColumn(text);
  if (key === "" || heading === "") throw invalid(text, "it is empty");
  const source = sourceOf(key, isStored);
  return { key, heading: heading ?? key, source, better: betterOf(source) };
}

/** A name in quotes is a metric, whether or not it is a word, or else a setting. */
function quotedSource(key: string, { end, split, name, at }: Quoted, isStored: IsStored): Source {
  if (name === "") throw invalid(key, "its name is empty");
  const metric = { split: split ?? "eval", name };
  if (end !== undefined) return endOf(key, end, metric);
  if (at !== undefined) return momentOf(key, metric, at);
  if (split === undefined && !isStored(metric) && name.includes(".")) return { of: "setting", path: name };
  return { of: "moment", ...metric, at: "best" };
}

type Quoted = NonNullable<ColumnWords["quoted"]>;

/** The value of a metric after the chosen epoch, whatever characters its name has. */
export function metricColumn(name: string): ValueColumn {
  const source: Source = { of: "moment", ...splitName(name), at: "best" };
  return { key: name, heading: name, source, better: betterOf(source) };
}

const shortOf = (key: string): RunColumn | undefined => SHORT[key]?.[0] ?? OF_RUN.find((column) => column === key);

function sourceOf(key: string, isStored: IsStored): Source {
  if (key === "score") return { of: "score" };
  const metricOf = (text: string) => knownMetric(text, isStored);
  const short = shortOf(key);
  if (short !== undefined) return { of: "run", column: short };
  // A metric's name alone is its value after the chosen epoch, beside which the score stands.
  if (isStored(splitName(key))) return metricColumn(key).source;
  const benchmark = /^eval:(\w+)$/.exec(key)?.[1];
  if (benchmark !== undefined) return { of: "benchmark", benchmark };
  const end = /^([a-z]+):(.+)$/.exec(key);
  if (end) return endOf(key, end[1] ?? "", metricOf(end[2] ?? ""));
  const moment = /^(.+)@([^@]+)$/.exec(key);
  if (moment) return momentOf(key, metricOf(moment[1] ?? ""), moment[2] ?? "");
  if (/^[a-z_]\w*(\.\w+)+$/i.test(key)) return { of: "setting", path: key };
  return { of: "moment", ...metricOf(key), at: "best" };
}

interface Metric {
  split: string;
  name: string;
}

function splitName(text: string): Metric {
  const [, split = "eval", name = ""] = /^(?:(train|eval|holdout)\/)?(.*)$/s.exec(text) ?? [];
  return { split, name };
}

/** A name that is no word is a metric only where it is stored. */
function knownMetric(text: string, isStored: IsStored): Metric {
  const metric = splitName(text);
  if (!/^\w+$/.test(metric.name) && !isStored(metric)) throw invalid(text);
  return metric;
}

function endOf(key: string, word: string, metric: Metric): Source {
  const end = ENDS[word];
  if (end === undefined) throw invalid(key, `before the colon: ${Object.keys(ENDS).join(", ")}`);
  const best = lowerIsBetter(metric.name) ? "lowest" : "highest";
  return { of: "end", ...metric, end: end === "best" ? best : end };
}

function momentOf(key: string, metric: Metric, word: string): Source {
  if (word === "last" || word === "first") return { of: "end", ...metric, end: word };
  if (word === "best" || word === "fixed") return { of: "moment", ...metric, at: word };
  if (!/^\d+(\.\d+)?$/.test(word)) throw invalid(key, "after the @: best, last, first, fixed or an epoch");
  return { of: "moment", ...metric, at: Number(word) };
}

function betterOf(source: Source): ValueColumn["better"] {
  if (source.of === "end" || source.of === "moment") return directionOf(source.name);
  if (source.of === "benchmark") return "higher";
  if (source.of !== "run") return null;
  if (COSTS.includes(source.column)) return "lower";
  return source.column === "tokens_per_second" ? "higher" : null;
}

/** A rate or a norm is neither better nor worse. */
function directionOf(metric: string): ValueColumn["better"] {
  if (/^(learning_rate|grad_norm)$/.test(metric)) return null;
  return lowerIsBetter(metric) ? "lower" : "higher";
}

function invalid(key: string, why?: string): UsageError {
  return new UsageError(
    "COLUMN_INVALID",
    `${JSON.stringify(key)} is not a column${why ? `: ${why}` : ""}`,
    `a column is ${COLUMN_FORMS}, with "as HEADING" where it should have another heading`,
  );
}
