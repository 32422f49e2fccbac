import { meanInterval } from "../../stats/mean-interval.js";
import { evaluatedMetrics, parseColumns, type RunRow, type ValueColumn } from "../../store/read.js";
import { runFacts } from "../../store/read-facts.js";
import type { Store } from "../../store/store.js";
import { baselinesOf } from "./baseline.js";
import { loadChanged } from "./changed.js";
import { columnsOfTwo, defaultColumns, valuesByRun } from "./columns.js";
import type { CompareCell, CompareColumn, CompareData, CompareRow, CompareSet } from "./data.js";
import type { Leaf } from "./flatten.js";
import { type Fold, foldSeeds } from "./fold.js";
import { comparableSets, type RunSet } from "./sets.js";
import { rankedColumn, withTests } from "./with-tests.js";

export interface CompareRequest {
  /** What was asked for, in words. */
  of: string;
  runs: readonly RunRow[];
  /** As after `--columns`. */
  columns?: string | undefined;
  /** A row for each run. */
  each?: boolean;
  /** A run, or the name of a row. */
  baseline?: string | undefined;
  /** Within which two rows count as the same, in units of the score. */
  margin?: number | undefined;
}

/** Throws UsageError for columns and baselines that mean nothing. */
export function loadCompare(store: Store, { of, runs, each = false, margin, ...request }: CompareRequest): CompareData {
  const facts = runFacts(
    store,
    runs.map(({ id }) => id),
  );
  const [from, to, more] = runs;
  const two = from !== undefined && to !== undefined && more === undefined;
  const sets = comparableSets(runs, facts).map((set) => ({ set, folds: foldSeeds(set.runs, facts, each || two) }));
  const columns = columnsFor(
    store,
    runs,
    sets.flatMap(({ folds }) => folds),
    two,
    request.columns,
  );
  const values = valuesByRun(store, runs, columns, facts);
  const wanted = request.baseline ?? (two ? from.id : undefined);
  const baselines = baselinesOf(
    store,
    wanted,
    sets.map(({ folds }) => folds),
  );
  return {
    of,
    changed: two ? loadChanged(store, from, to) : null,
    columns: columns.map(columnOf),
    sets: sets.map(({ set, folds }, at) => {
      const found = setOf(set, folds, columns, values, baselines[at] ?? null);
      return two ? found : withTests(found, columns, margin);
    }),
  };
}

function columnsFor(
  store: Store,
  runs: readonly RunRow[],
  folds: readonly Fold[],
  two: boolean,
  written: string | undefined,
): ValueColumn[] {
  if (written !== undefined) return parseColumns(written);
  if (!two) return defaultColumns(folds);
  return columnsOfTwo(
    evaluatedMetrics(store, runs),
    runs.map(({ score_name }) => score_name),
  );
}

const columnOf = ({ key, heading, source, better }: ValueColumn): CompareColumn => ({
  key,
  heading,
  kind: source.of === "setting" ? "setting" : "measure",
  better,
  unit: source.of === "run" ? unitOf(source.column) : null,
});

function unitOf(column: string): CompareColumn["unit"] {
  if (column === "peak_memory") return "bytes";
  if (/_seconds$/.test(column)) return "seconds";
  return /_(parameters|rows|steps|tokens)$|^tokens_per_second$/.test(column) ? "count" : null;
}

function setOf(
  { runs: _, ...name }: RunSet,
  folds: readonly Fold[],
  columns: readonly ValueColumn[],
  values: ReadonlyMap<string, (Leaf | undefined)[]>,
  baseline: Fold | null,
): CompareSet {
  const rows = folds.map((fold) => rowOf(fold, columns, values));
  const base = baseline === null ? undefined : rows[folds.indexOf(baseline)];
  const compared = base === undefined ? rows : rows.map((row) => withDeltas(row, base));
  return { ...name, baseline: base?.name ?? null, rows: bestFirst(compared, columns, name.score_name), tests: null };
}

function rowOf(
  { name, runs }: Fold,
  columns: readonly ValueColumn[],
  values: ReadonlyMap<string, (Leaf | undefined)[]>,
): CompareRow {
  return {
    name,
    mark: null,
    runs: runs.map(({ id, label, seed, state, collapsed }) => ({
      run: id,
      label,
      seed,
      state,
      collapsed: collapsed === 1,
    })),
    cells: columns.map((column, at): CompareCell => {
      const own = runs.map(({ id }) => values.get(id)?.[at]);
      // What an unfinished run has is not its result. A row of one run shows it all the same, beside the run's state.
      const counts = (run: RunRow | undefined) => runs.length === 1 || run?.state === "finished" || isPlanned(column);
      const numbers = own.filter((value, run) => isNumber(value) && counts(runs[run]));
      const over = column.source.of === "setting" || numbers.length === 0 ? null : meanInterval(numbers as number[]);
      return { values: own, over, delta: null };
    }),
  };
}

/** Known before a run is trained. */
const isPlanned = ({ source }: ValueColumn): boolean =>
  source.of === "run" && /_(parameters|rows|steps)$/.test(source.column);

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function withDeltas(row: CompareRow, base: CompareRow): CompareRow {
  const cells = row.cells.map((cell, at) => {
    const [own, other] = [cell.over?.mean, base.cells[at]?.over?.mean];
    return own === undefined || other === undefined ? cell : { ...cell, delta: own - other };
  });
  return { ...row, cells };
}

/** By the first column that has a better direction. Rows without it are last. */
function bestFirst(rows: readonly CompareRow[], columns: readonly ValueColumn[], score: string | null): CompareRow[] {
  const ranked = rankedColumn(columns, score);
  if (ranked === null) return [...rows];
  const value = ({ cells }: CompareRow) => cells[ranked.at]?.over?.mean;
  return rows.toSorted((a, b) => {
    const [own, other] = [value(a), value(b)];
    if (own === undefined || other === undefined) return Number(own === undefined) - Number(other === undefined);
    return ranked.lower ? own - other : other - own;
  });
}
