/** The table of a paper: one measure over two keys, a mean over seeds in each cell. */
import { UsageError } from "../../errors.js";
import { columnsFor, parseColumn, type RunRow, type ValueColumn } from "../../store/read.js";
import { type RunFacts, runFacts } from "../../store/read-facts.js";
import type { Store } from "../../store/store.js";
import { columnOf, valuesByRun } from "./columns.js";
import type { CompareColumn, CompareRow, CompareSet } from "./data.js";
import type { Leaf } from "./flatten.js";
import { differingKeys, type Fold, foldSeeds } from "./fold.js";
import { testsOf } from "./load.js";
import { setOf } from "./set.js";
import { byKey, comparableSets, type RunSet } from "./sets.js";
import { leafText } from "./values.js";
import { withTests } from "./with-tests.js";

export interface PivotRequest {
  of: string;
  runs: readonly RunRow[];
  /** Keys of rows and columns: settings, or what else `--columns` takes. */
  rows: string;
  cols: string;
  /** The measure, as after `--columns`; default: the score. */
  columns?: string | undefined;
  /** The name of a row. */
  baseline?: string | undefined;
  margin?: number | undefined;
  overRows?: boolean;
}

export interface PivotData {
  of: string;
  rows_key: string;
  cols_key: string;
  measure: CompareColumn;
  /** Names of the rows, in the order in which the runs first have them. */
  rows: string[];
  cols: PivotColumn[];
}

/** A column is compared within itself: its rows are those that have a run there, best first. */
export interface PivotColumn extends CompareSet {
  title: string;
}

/** Throws UsageError for keys that no run has, and where more than the seed varies within a cell. */
export function loadPivot(store: Store, { of, runs, baseline, ...keys }: PivotRequest): PivotData {
  const measure = oneMeasure(store, runs, keys.columns);
  const axes = [keyColumn(keys.rows), keyColumn(keys.cols)];
  const facts = runFacts(
    store,
    runs.map(({ id }) => id),
  );
  const values = valuesByRun(store, runs, [measure, ...axes], facts);
  const textAt = (run: RunRow, at: number) => axisText(keys[at === 1 ? "rows" : "cols"], values.get(run.id)?.[at]);
  const cols = [...byKey(runs, (run) => textAt(run, 2))].flatMap(([title, own]) => {
    const sets = comparableSets(own, facts);
    return sets.map((set, at) => ({ title: at === 0 ? title : `${title} (${set.apart})`, set }));
  });
  const rows = [...byKey(runs, (run) => textAt(run, 1)).keys()];
  if (baseline !== undefined && !rows.includes(baseline)) {
    throw new UsageError(
      "BASELINE_UNKNOWN",
      `there is no row ${baseline}`,
      `the rows are: ${rows.slice(0, 12).join(", ")}`,
    );
  }
  return {
    of,
    rows_key: keys.rows,
    cols_key: keys.cols,
    measure: columnOf(measure),
    rows,
    cols: cols.map(({ title, set }): PivotColumn => {
      const folds = cellsOf(set, title, (run) => textAt(run, 1), facts);
      const base = folds.find(({ name }) => name === baseline) ?? null;
      return { ...withTests(setOf(set, folds, [measure], values, base), [measure], testsOf(store, runs, keys)), title };
    }),
  };
}

function oneMeasure(store: Store, runs: readonly RunRow[], written: string | undefined): ValueColumn {
  const [measure, more] = written === undefined ? [parseColumn("score")] : columnsFor(store, runs, written);
  if (measure !== undefined && more === undefined && measure.source.of !== "setting") return measure;
  const hint = "for example --columns score, or --columns 'last:loss'";
  throw new UsageError("PIVOT_COLUMNS", "with --rows and --cols, --columns takes one measure", hint);
}

/** `method` and `task` are the names, as everywhere. */
const keyColumn = (key: string): ValueColumn => {
  const column = parseColumn(key);
  if (column.source.of === "run" || column.source.of === "setting") return column;
  throw new UsageError(
    "PIVOT_KEY",
    `${key} cannot be an axis`,
    "method, task, model, label or a setting such as method.merges can",
  );
};

/** A label is that of all seeds. */
const axisText = (key: string, value: Leaf | undefined): string =>
  leafText(key === "label" && typeof value === "string" ? value.replace(/(^| )seed=\d+(?= |$)/, "").trim() : value);

/** One row for each name; all that varies in it is the seed. */
function cellsOf(
  set: RunSet,
  column: string,
  nameOf: (run: RunRow) => string,
  facts: ReadonlyMap<string, RunFacts>,
): Fold[] {
  return [...byKey(set.runs, nameOf)].map(([name, runs]) => {
    const folds = foldSeeds(runs, facts, false);
    const [fold] = folds;
    if (fold !== undefined && folds.length === 1) return { ...fold, name };
    const differing = differingKeys(folds);
    const [key = "the content of model or rows"] = differing;
    const values = [...new Set(folds.map(({ settings }) => leafText(settings.get(key))))].slice(0, 6);
    throw new UsageError(
      "PIVOT_MIXED",
      `${differing.length > 1 ? `${differing.slice(0, 4).join(", ")} vary` : `${key} varies`} in the cell ${name}, ${column}, whose mean is over seeds only`,
      differing.length === 0
        ? "choose runs with --where"
        : `choose with --where '${key} = ...' (${values.join(", ")}), or with --rows and --cols`,
    );
  });
}

/** The row of this name in a column; undefined where it has no run. */
export const cellOf = ({ rows }: PivotColumn, name: string): CompareRow | undefined =>
  rows.find((row) => row.name === name);
