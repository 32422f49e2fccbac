/** The tests of a comparison, and the marks of its rows. Pure. */
import type { ValueColumn } from "../../store/read.js";
import { lowerIsBetter } from "../../store/score-direction.js";
import type { CompareRow, CompareSet } from "./data.js";
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

export function withTests(set: CompareSet, columns: readonly ValueColumn[], margin: number | undefined): CompareSet {
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
