import { basename } from "node:path";
import type { PlannedCell } from "../plan/cell.js";
import { methodName } from "../spec/cell.js";
import type { CellSummary, Repeats } from "./reporter.js";

/**
 * Keys that repeat a training: another initialisation or order, another split, or other folds of the rows. Paths are of
 * folds if they differ in numbers only, as fold1 and fold2 do; others are data sets of their own, whose scores have no
 * mean.
 */
const REPEATING = ["seed", "data.split_seed", "data.path"] as const;

/** Groups runs by everything else. `summaries` are of the same runs in the same order. */
export function repeatsOf(cells: readonly PlannedCell[], summaries: readonly CellSummary[]): Repeats[] {
  const groups = new Map<string, { label: string; rows: string; cells: PlannedCell[]; summaries: CellSummary[] }>();
  for (const [i, cell] of cells.entries()) {
    const summary = summaries[i];
    if (!summary) continue;
    const rows = foldsOf(cell);
    const key = JSON.stringify([labelOf(cell), rows]);
    const group = groups.get(key) ?? { label: labelOf(cell), rows, cells: [], summaries: [] };
    group.cells.push(cell);
    group.summaries.push(summary);
    groups.set(key, group);
  }
  const places = new Set([...groups.values()].map(({ rows }) => rows));
  return [...groups.values()].flatMap((group) => {
    const label = [group.label, ...(places.size > 1 ? [`path=${basename(group.rows)}`] : [])].filter(Boolean).join(" ");
    const over = REPEATING.filter((key) => new Set(group.cells.map(({ axes }) => JSON.stringify(axes[key]))).size > 1);
    const scored = group.summaries.filter(({ state, bestScore }) => state === "finished" && bestScore !== null);
    const names = new Set(scored.map(({ scoreName }) => scoreName));
    const scoreName = [...names][0];
    if (over.length === 0 || scored.length < 2 || names.size !== 1 || !scoreName) return [];
    const scores = scored.flatMap(({ bestScore }) => bestScore ?? []);
    return [{ label, over, scoreName, missing: group.summaries.length - scores.length, scores }];
  });
}

/** The place of the rows without its numbers; empty if it is the same for all runs. */
function foldsOf({ axes }: PlannedCell): string {
  const path = axes["data.path"];
  return typeof path === "string" ? path.replace(/\d+/g, "#") : "";
}

const repeating: ReadonlySet<string> = new Set(REPEATING);

function labelOf(cell: PlannedCell): string {
  const { axes } = cell;
  const others = Object.entries(axes).filter(([key]) => !repeating.has(key));
  const parts = others.map(
    ([key, value]) => `${key.split(".").at(-1)}=${typeof value === "object" ? JSON.stringify(value) : value}`,
  );
  // Methods have different keys, so that the same parts may stand for different methods.
  return parts.join(" ") || (Object.keys(axes).includes("method.name") ? methodName(cell) : "");
}
