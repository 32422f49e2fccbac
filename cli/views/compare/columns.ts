/** The columns of a comparison where the user names none, and what each run has in them. */
import { metricColumn, parseColumn, type RunRow, readColumns, settingAt, type ValueColumn } from "../../store/read.js";
import type { RunFacts } from "../../store/read-facts.js";
import type { Store } from "../../store/store.js";
import { distinct } from "../parts/distinct.js";
import type { CompareColumn } from "./data.js";
import { type Leaf, leafKey } from "./flatten.js";
import { differingKeys, type Fold } from "./fold.js";
import { byKey } from "./sets.js";

/** What two runs are compared by, besides the score and their other metrics. */
const OF_TWO = ["best_epoch", "last_score", "params", "seconds", "cpu_seconds", "peak_memory", "energy"];

/** The score, the method, the settings that differ among rows of one method, as what was swept does, then the others. */
export function defaultColumns(folds: readonly Fold[]): ValueColumn[] {
  const swept = new Set([...byMethod(folds).values()].flatMap(differingKeys));
  const rank = (key: string) => (key === "method.name" ? 0 : swept.has(key) ? 1 : 2);
  const keys = differingKeys(folds)
    .filter((key) => !comesWithMethod(key, folds))
    .sort((a, b) => rank(a) - rank(b));
  const headings = distinct(keys, shortName, (key) => key);
  return [
    parseColumn("score"),
    ...keys.map((path): ValueColumn => {
      return { key: path, heading: headings.get(path) ?? path, source: { of: "setting", path }, better: null };
    }),
  ];
}

/** A setting that other methods do not have, with one value for each method, says no more than the method. */
function comesWithMethod(key: string, folds: readonly Fold[]): boolean {
  if (folds.every(({ settings }) => settings.has(key))) return false;
  const methods = byMethod(folds);
  return methods.size > 1 && [...methods.values()].every((own) => !differingKeys(own).includes(key));
}

const byMethod = (folds: readonly Fold[]) => byKey(folds, ({ settings }) => leafKey(settings.get("method.name")));

/** `rank` for `method.rank`, `method` for `method.name`. */
const shortName = (key: string): string =>
  key
    .replace(/\.name$/, "")
    .split(".")
    .at(-1) ?? key;

/** The score, every other metric of the evaluations of both, and what they cost. */
export function columnsOfTwo(metrics: readonly string[], scores: readonly (string | null)[]): ValueColumn[] {
  const others = metrics.filter((name) => !scores.includes(name));
  return [parseColumn("score"), ...others.map(metricColumn), ...OF_TWO.map((key) => parseColumn(key))];
}

/** By run, then by column. A setting is undefined where a run does not have it. */
export function valuesByRun(
  store: Store,
  runs: readonly RunRow[],
  columns: readonly ValueColumn[],
  facts: ReadonlyMap<string, RunFacts>,
): Map<string, (Leaf | undefined)[]> {
  const read = readColumns(store, runs, columns);
  return new Map(
    runs.map(({ id }, at) => {
      const values = columns.map(({ source }, column) =>
        source.of === "setting" ? leafAt(facts.get(id)?.settings, source.path) : (read[at]?.[column] ?? null),
      );
      return [id, values];
    }),
  );
}

/** A mapping, such as all of `method`, is its JSON. */
function leafAt(settings: object | undefined, path: string): Leaf | undefined {
  const value = settings === undefined ? undefined : settingAt(settings, path);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? JSON.stringify(value)
    : (value as Leaf | undefined);
}

export const columnOf = ({ key, heading, source, better }: ValueColumn): CompareColumn => ({
  key,
  heading,
  kind: source.of === "setting" ? "setting" : "measure",
  better,
  unit: source.of === "run" ? unitOf(source.column) : null,
});

function unitOf(column: string): CompareColumn["unit"] {
  if (/_memory$/.test(column)) return "bytes";
  if (column === "energy") return "joules";
  if (/_seconds$/.test(column)) return "seconds";
  return /_(parameters|rows|steps|tokens)$|^tokens_per_second$/.test(column) ? "count" : null;
}
