/** The tests of a comparison, and the marks of its rows. Pure. */
import { chosenScore } from "../../stats/chosen-score.js";
import type { ValueColumn } from "../../store/read.js";
import { lowerIsBetter } from "../../store/score-direction.js";
import type { ItemsOfRun } from "../run-items.js";
import type { CompareRow, CompareSet } from "./data.js";
import { withItems } from "./item-tests.js";
import { type Tested, testRows } from "./tests.js";

/** The column that rows are sorted and tested by: the first that has a better direction. */
export function rankedColumn(
  columns: readonly ValueColumn[],
  score: string | null,
): { at: number; lower: boolean } | null {
  const at = columns.findIndex(({ source, better }) => source.of === "score" || better !== null);
  const column = columns[at];
  if (column === undefined) return null;
  return { at, lower: column.source.of === "score" ? lowerIsBetter(score ?? "") : column.better === "lower" };
}

export interface TestsRequest {
  margin?: number | undefined;
  /** Stored predictions, for what is tested over the evaluation rows; null: not asked for. */
  items: ItemsOfRun | null;
  /** By run: its score on the rows that chose its epoch, where these are not reported. */
  heldOut: ReadonlyMap<string, number>;
}

/** The set with tests, marks, and what is left of its best row's score without the luck of the choice. */
export function withTests(set: CompareSet, columns: readonly ValueColumn[], request: TestsRequest): CompareSet {
  const tested = seedTests(set, columns, request.margin);
  const ranked = rankedColumn(columns, set.score_name);
  if (tested.tests === null || ranked === null) return tested;
  const isScore = columns[ranked.at]?.source.of === "score";
  const items = isScore ? request.items : null;
  const chosen = correctedBest(tested, ranked, isScore ? request.heldOut : new Map(), items);
  const whole = { ...tested, chosen };
  return items === null ? whole : withItems(whole, items);
}

/** `chosenScore` of the rows: how good the best is when other seeds or rows choose it. */
function correctedBest(
  { rows }: CompareSet,
  { at, lower }: { at: number; lower: boolean },
  heldOut: ReadonlyMap<string, number>,
  items: ItemsOfRun | null,
): CompareSet["chosen"] {
  const candidates = rows.map((row) => {
    const { values } = testedOf(row, at);
    const of = (seed: number) => row.runs.find((run) => run.seed === seed)?.run ?? "";
    const scores = [...values].map(
      ([seed, shown]) => [seed, { shown, heldOut: heldOut.get(of(seed)) ?? null }] as const,
    );
    return { name: row.name, run: of([...values.keys()][0] ?? Number.NaN), scores: new Map(scores) };
  });
  const options = items === null ? {} : { items: ({ run }: { run: string }) => items(run) };
  const found = chosenScore(candidates, { lowerIsBetter: lower, ...options });
  if (found === null) return null;
  const { best, cells, leftOut, by, honest, optimism, error, reason } = found;
  return { name: best.name, of: cells, left_out: leftOut, by, honest, optimism, error, reason };
}

function seedTests(set: CompareSet, columns: readonly ValueColumn[], margin: number | undefined): CompareSet {
  const ranked = rankedColumn(columns, set.score_name);
  if (ranked === null) return set;
  const tested = set.rows.map((row) => testedOf(row, ranked.at));
  const options = { lowerIsBetter: ranked.lower, column: ranked.at, margin };
  const toBest = testRows(tested, { ...options, baseline: null });
  if (toBest === null) return set;
  const best = tested.find(({ name }) => name === toBest.against)?.values;
  const top = best && mean(best);
  const open = new Set(
    toBest.rows.flatMap(({ name, verdict }) => (verdict === "same" || verdict === "open" ? name : [])),
  );
  const rows = set.rows.map((row, at): CompareRow => {
    const values = tested[at]?.values;
    const equal = values && best && values.size === best.size && Math.abs(mean(values) - (top ?? 0)) <= 1e-12;
    return { ...row, mark: equal ? "best" : open.has(row.name) ? "open" : null };
  });
  return {
    ...set,
    rows,
    tests: set.baseline === null ? toBest : testRows(tested, { ...options, baseline: set.baseline }),
  };
}

const mean = (values: ReadonlyMap<number, number>): number =>
  [...values.values()].reduce((sum, value) => sum + value, 0) / values.size;

/** Of a folded row only finished runs count, as in its mean. */
function testedOf({ name, runs, cells }: CompareRow, at: number): Tested {
  const values = new Map<number, number>();
  for (const [run, value] of (cells[at]?.values ?? []).entries()) {
    const own = runs[run];
    if (typeof value === "number" && own?.state === "finished") values.set(own.seed, value);
  }
  return { name, values };
}
