/** Runs as a table for other programs: what they are, what they reached, and the settings in which they differ. */
import type { ColumnType, DataColumn, DataTable, Value } from "../export/data-table.js";
import { evaluatedMetrics, metricColumn, type RunRow, readColumns } from "../store/read.js";
import { runFacts } from "../store/read-facts.js";
import type { Store } from "../store/store.js";
import type { Leaf } from "./compare/flatten.js";
import { differingKeys, foldSeeds } from "./compare/fold.js";
import { dataColumn, distinctKeys } from "./parts/data-column.js";

const OF_RUN = [
  ...[
    ["label", "text"],
    ["task", "text"],
    ["model", "text"],
    ["method", "text"],
    ["seed", "integer"],
    ["state", "text"],
  ],
  ...[
    ["score_name", "text"],
    ["best_score", "real"],
    ["best_epoch", "real"],
    ["last_score", "real"],
  ],
  ...[
    ["majority_score", "real"],
    ["eval_rows", "integer"],
    ["train_rows", "integer"],
  ],
  ...[
    ["final_trainable_parameters", "integer"],
    ["head_parameters", "integer"],
    ["total_steps", "integer"],
  ],
  ...[
    ["train_seconds", "real"],
    ["total_seconds", "real"],
    ["peak_memory", "integer"],
    ["started_at", "text"],
  ],
] as [keyof RunRow, ColumnType][];

/** A row for each run; metrics are those after the best epoch. Settings have their dotted keys. */
export function runsData(store: Store, runs: readonly RunRow[]): DataTable {
  const metrics = evaluatedMetrics(store, runs);
  const measured = readColumns(store, runs, metrics.map(metricColumn));
  const settings = differingSettings(store, runs);
  return {
    columns: distinctKeys([
      dataColumn("run", "text"),
      ...OF_RUN.map(([key, type]) => dataColumn(key, type)),
      ...metrics.map((name) => dataColumn(`best.${name}`, "real")),
      ...settings.map(({ column }) => column),
    ]),
    rows: runs.map((run, at) => [
      run.id,
      ...OF_RUN.map(([key]) => run[key] as Value),
      ...(measured[at] ?? []),
      ...settings.map(({ values }) => values[at] ?? null),
    ]),
  };
}

/** In the order of the settings. The seed has a column of its own. */
function differingSettings(store: Store, runs: readonly RunRow[]): { column: DataColumn; values: Value[] }[] {
  const facts = runFacts(
    store,
    runs.map(({ id }) => id),
  );
  const folds = foldSeeds(runs, facts, true);
  const byRun = new Map(folds.map(({ runs: [run], settings }) => [run?.id, settings]));
  const keys = differingKeys(folds).filter((key) => key !== "seed");
  return keys.map((key) =>
    typed(
      key,
      runs.map(({ id }) => byRun.get(id)?.get(key)),
    ),
  );
}

/** Null: null, or not a setting of that run. Lists, and values of several types, become text. */
function typed(key: string, leaves: readonly (Leaf | undefined)[]): { column: DataColumn; values: Value[] } {
  const known = leaves.filter((leaf) => leaf !== undefined && leaf !== null);
  const all = (test: (leaf: unknown) => boolean) => known.length > 0 && known.every(test);
  const is = (kind: string) => all((leaf) => typeof leaf === kind);
  const type: ColumnType = is("boolean")
    ? "boolean"
    : all(Number.isInteger)
      ? "integer"
      : is("number")
        ? "real"
        : "text";
  const value = (leaf: Leaf | undefined): Value => {
    if (leaf === undefined || leaf === null) return null;
    if (type !== "text") return leaf as Value;
    return typeof leaf === "string" ? leaf : JSON.stringify(leaf);
  };
  return { column: dataColumn(key, type), values: leaves.map(value) };
}
