import { columnsFor, evaluatedMetrics, parseColumn, type RunRow, type ValueColumn } from "../../store/read.js";
import { runFacts } from "../../store/read-facts.js";
import type { Store } from "../../store/store.js";
import { runItems } from "../run-items.js";
import { baselinesOf } from "./baseline.js";
import { loadChanged } from "./changed.js";
import { columnOf, columnsOfTwo, defaultColumns, valuesByRun } from "./columns.js";
import type { CompareData } from "./data.js";
import { type Fold, foldSeeds } from "./fold.js";
import { setOf } from "./set.js";
import { comparableSets } from "./sets.js";
import { type TestsRequest, withTests } from "./with-tests.js";

export interface CompareRequest {
  /** What was asked for, in words. */
  of: string;
  runs: readonly RunRow[];
  /** As after `--columns`. */
  columns?: string | undefined;
  /** Columns after those that are chosen where `columns` is not given. */
  more?: readonly { key: string; heading: string }[];
  /** A row for each run. */
  each?: boolean;
  /** A run, or the name of a row. */
  baseline?: string | undefined;
  /** Within which two rows count as the same, in units of the score. */
  margin?: number | undefined;
  /** Whether stored predictions are read, for tests over the evaluation rows. They take a second of many runs. */
  overRows?: boolean;
}

/** Throws UsageError for columns and baselines that mean nothing. */
export function loadCompare(store: Store, { of, runs, each = false, ...request }: CompareRequest): CompareData {
  const facts = runFacts(
    store,
    runs.map(({ id }) => id),
  );
  const [from, to, more] = runs;
  const two = from !== undefined && to !== undefined && more === undefined;
  const sets = comparableSets(runs, facts).map((set) => ({ set, folds: foldSeeds(set.runs, facts, each || two) }));
  const columns = chosenColumns(
    store,
    runs,
    sets.flatMap(({ folds }) => folds),
    two,
    request,
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
    sets: sets.map(({ set, folds }, at) =>
      withTests(setOf(set, folds, columns, values, baselines[at] ?? null), columns, testsOf(store, runs, request)),
    ),
  };
}

/** What tests need besides the values of a set. Each set has predictions on rows of its own. */
export function testsOf(
  store: Store,
  runs: readonly RunRow[],
  { margin, overRows = false }: Pick<CompareRequest, "margin" | "overRows">,
): TestsRequest {
  const held = runs.flatMap(({ id, chosen_on, chosen_score }): [string, number][] =>
    chosen_on === "holdout" && chosen_score !== null ? [[id, chosen_score]] : [],
  );
  return { margin, items: overRows ? runItems(store) : null, heldOut: new Map(held) };
}

function chosenColumns(
  store: Store,
  runs: readonly RunRow[],
  folds: readonly Fold[],
  two: boolean,
  { columns: written, more = [] }: Pick<CompareRequest, "columns" | "more">,
): ValueColumn[] {
  if (written !== undefined) return columnsFor(store, runs, written);
  const names = runs.map(({ score_name }) => score_name);
  const chosen = two ? columnsOfTwo(evaluatedMetrics(store, runs), names) : defaultColumns(folds);
  const others = more.filter(({ key }) => chosen.every((column) => column.key !== key));
  return [...chosen, ...others.map(({ key, heading }) => ({ ...parseColumn(key), heading }))];
}
