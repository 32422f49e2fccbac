import { UsageError } from "../errors.js";
import type { EventOf } from "../protocol/messages.js";
import type { Cell, PlannedCell } from "./cell.js";
import { cellId } from "./cell-id.js";

export interface Plan {
  cells: PlannedCell[];
  notes: string[];
}

/**
 * Cells with what the worker said about each (same order) and their ids. Cells that turn out to be the same run, for
 * example one model under two names, are kept once. Throws a UsageError with everything that prevents a run.
 */
export function planCells(cells: readonly Cell[], inspected: readonly EventOf<"inspected">[]): Plan {
  const planned = new Map<string, PlannedCell>();
  const notes: string[] = [];
  const problems = new Map<string, string[]>();
  for (const [i, cell] of cells.entries()) {
    const found = inspected[i];
    if (!found) throw new Error(`the worker inspected ${inspected.length} of ${cells.length} cells`);
    for (const problem of found.problems) problems.set(problem, [...(problems.get(problem) ?? []), cell.label]);
    if (!found.fingerprint) continue;
    const id = cellId(cell.settings, found.fingerprint);
    const first = planned.get(id);
    if (first) notes.push(`${cell.label} is the same run as ${first.label} and left out`);
    else planned.set(id, { ...cell, id, inspected: found });
  }
  if (problems.size > 0) throw new UsageError("CELL_CANNOT_RUN", problemsText(problems, cells.length));
  return { cells: [...planned.values()], notes };
}

/** Each problem once, with the cells it concerns; all of a large sweep usually have the same one. */
function problemsText(problems: Map<string, string[]>, total: number): string {
  const lines = [...problems].map(([problem, labels]) => {
    if (labels.length === total && total > 1) return `${problem} (all ${total} runs)`;
    const more = labels.length > 3 ? ` and ${labels.length - 3} more` : "";
    return `${problem} (${labels.slice(0, 3).join(", ")}${more})`;
  });
  return lines.join("\n");
}
