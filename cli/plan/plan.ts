import { UsageError } from "../errors.js";
import type { EventOf } from "../protocol/messages.js";
import type { Cell } from "../spec/cell.js";
import type { PlannedCell } from "./cell.js";
import { cellId } from "./cell-id.js";
import { sameRunNotes } from "./same-runs.js";

/** A cell that cannot run here, and why. */
export interface InvalidCell extends Cell {
  problems: string[];
}

export interface Plan {
  cells: PlannedCell[];
  invalid: InvalidCell[];
  notes: string[];
}

/** One reason, and the labels of all cells that cannot run because of it. */
export interface Reason {
  /** The reason in the words of the first cell. */
  reason: string;
  labels: string[];
  /** Whether the other cells' reasons differ in numbers. */
  alike?: true;
}

/**
 * Combines cells with the worker's answers (same order) and their ids. Cells that are the same run, for example one
 * model under two names, become one with several places; cells that cannot run are returned apart. Throws a UsageError
 * with all reasons if none can run.
 */
export function planCells(cells: readonly Cell[], inspected: readonly EventOf<"inspected">[]): Plan {
  const planned = new Map<string, PlannedCell>();
  const invalid: InvalidCell[] = [];
  let runnable = 0;
  for (const [i, cell] of cells.entries()) {
    const found = inspected[i];
    if (!found) throw new Error(`the worker inspected ${inspected.length} of ${cells.length} cells`);
    if (found.problems.length > 0 || !found.fingerprint) {
      invalid.push({ ...cell, problems: found.problems });
      continue;
    }
    const position = runnable++;
    const id = cellId(cell.settings, found.fingerprint);
    const first = planned.get(id);
    if (first) first.also.push({ position, label: cell.label, axes: cell.axes });
    else planned.set(id, { ...cell, id, inspected: found, also: [] });
  }
  if (planned.size === 0 && invalid.length > 0) {
    const lines = reasonsOf(invalid).map((reason) => reasonText(reason, cells.length));
    throw new UsageError("CELL_CANNOT_RUN", lines.join("\n"));
  }
  const kept = [...planned.values()];
  return { cells: kept, invalid, notes: sameRunNotes(kept) };
}

/**
 * Each reason once; most cells of a large sweep usually have the same one. Reasons that differ only in their numbers
 * are one: on a grid nearly every cell's own numbers differ, and each cell's reason is in `lor2c plan --json`.
 */
export function reasonsOf(invalid: readonly InvalidCell[]): Reason[] {
  const kinds = new Map<string, Reason>();
  for (const { label, problems } of invalid) {
    for (const reason of problems) {
      const kind = reason.replace(/\d+([.,]\d+)*/g, "#");
      const known = kinds.get(kind);
      if (!known) kinds.set(kind, { reason, labels: [label] });
      else {
        known.labels.push(label);
        if (known.reason !== reason) known.alike = true;
      }
    }
  }
  return [...kinds.values()];
}

/** `total`: of how many cells. */
export function reasonText({ reason, labels, alike }: Reason, total: number): string {
  if (alike) return `${reason} (${labels[0]}, and the like in ${labels.length - 1} more)`;
  if (labels.length === total && total > 1) return `${reason} (all ${total} runs)`;
  const more = labels.length > 3 ? ` and ${labels.length - 3} more` : "";
  return `${reason} (${labels.slice(0, 3).join(", ")}${more})`;
}
