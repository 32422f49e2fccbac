import type { PlannedCell } from "./cell.js";

/** What the worker warns of, each once; with the labels of its runs when it does not hold for all of them. */
export function warningTexts(cells: readonly PlannedCell[]): string[] {
  const labels = new Map<string, string[]>();
  for (const cell of cells) {
    for (const text of cell.inspected.warnings) labels.set(text, [...(labels.get(text) ?? []), cell.label]);
  }
  return [...labels].map(([text, where]) => {
    if (where.length === cells.length) return text;
    return `${text} (${where.length === 1 ? where[0] : `${where[0]} and ${where.length - 1} more`})`;
  });
}
