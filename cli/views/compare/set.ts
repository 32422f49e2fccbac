/** Rows of a set with what stands in their cells. Pure. */
import { meanInterval } from "../../stats/mean-interval.js";
import type { RunRow, ValueColumn } from "../../store/read.js";
import type { CompareCell, CompareRow, CompareSet } from "./data.js";
import type { Leaf } from "./flatten.js";
import type { Fold } from "./fold.js";
import type { RunSet } from "./sets.js";
import { rankedColumn } from "./with-tests.js";

export function setOf(
  { runs: _, ...name }: RunSet,
  folds: readonly Fold[],
  columns: readonly ValueColumn[],
  values: ReadonlyMap<string, (Leaf | undefined)[]>,
  baseline: Fold | null,
): CompareSet {
  const rows = folds.map((fold) => rowOf(fold, columns, values));
  const base = baseline === null ? undefined : rows[folds.indexOf(baseline)];
  const compared = base === undefined ? rows : rows.map((row) => withDeltas(row, base));
  return {
    ...name,
    baseline: base?.name ?? null,
    rows: bestFirst(compared, columns, name.score_name),
    tests: null,
    chosen: null,
  };
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
      const numbers = counted(runs, column)
        .flatMap((run) => values.get(run.id)?.[at] ?? [])
        .filter(isNumber);
      const over = column.source.of === "setting" || numbers.length === 0 ? null : meanInterval(numbers);
      return { values: own, over, so_far: over !== null && isOpen(runs, column), delta: null };
    }),
  };
}

/**
 * The runs whose values count. What an unfinished run has is not its result; a row of one run shows it all the same, beside
 * the run's state, and sizes are known before a run is trained.
 */
function counted(runs: readonly RunRow[], { source }: ValueColumn): readonly RunRow[] {
  const finished = runs.filter(({ state }) => state === "finished");
  if (finished.length > 0) return finished;
  const isSize = source.of === "run" && /_(parameters|rows|steps)$/.test(source.column);
  return runs.length === 1 || isSize ? runs : [];
}

/** What is measured at a fixed moment stays as it is. */
const isOpen = (runs: readonly RunRow[], { source }: ValueColumn): boolean =>
  runs.every(({ state }) => state !== "finished") &&
  (source.of === "score" ||
    (source.of === "end" && source.end !== "first") ||
    (source.of === "moment" && source.at === "best"));

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
