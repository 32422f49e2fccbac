import canonicalize from "canonicalize";
import { shippedIdRules, withoutOutside } from "../../plan/id-rules.js";
import type { GridCellRow } from "../../store/read.js";
import type { GridCell } from "./cell.js";

/** Parameters whose only effect is through the structural changes. */
const SCHEDULE: ReadonlySet<string> = new Set(["method.merges", "method.injections", "method.max_span"]);

/**
 * Marks finished cells that are one training: equal settings except for the numbers of changes, and the same changes at
 * the same epochs for every seed. Usually one of them asks for more changes than the rules could find.
 */
export function findCoincidences(
  cells: readonly GridCell[],
  rows: readonly GridCellRow[],
  axes: { rows: string; cols: string },
): void {
  const free = [axes.rows, axes.cols].filter((key) => SCHEDULE.has(key));
  if (free.length === 0) return;
  const byId = new Map(rows.map((row) => [row.run, row]));
  const training = trainings(free);
  const first = new Map<string, GridCell>();
  for (const cell of cells) {
    if (cell.state !== "finished" || cell.n < cell.of) continue;
    const key = cell.runs
      .map((run) => training(byId.get(run)))
      .toSorted()
      .join("\n");
    const same = first.get(key);
    if (same) cell.coincides = { row: same.row, col: same.col };
    else first.set(key, cell);
  }
}

/**
 * Everything that decides the scores of a run whose changes are known; what is not part of an id is left out. That is slow
 * to find out, and without the free keys all cells of a seed have the same settings.
 */
function trainings(free: readonly string[]): (row: GridCellRow | undefined) => string {
  const { outside, ...others } = shippedIdRules();
  const freed = { outside: free.map((key) => key.split(".")), ofSteps: [], later: [] };
  const known = new Map<string, string>();
  return (row) => {
    const settings = withoutOutside({ ...row?.settings }, freed);
    const same = JSON.stringify(settings);
    const own = known.get(same) ?? canonicalize(withoutOutside(settings, { outside, ...others })) ?? "";
    known.set(same, own);
    return `${own}${canonicalize(row?.changes ?? null)}`;
  };
}
