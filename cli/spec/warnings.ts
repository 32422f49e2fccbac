import type { PlannedCell } from "./cell.js";

/**
 * What the worker warns of, each kind once: with the label of its run when it does not hold for all of them. A kind is a
 * text up to its colon, whatever its numbers: on a grid nearly every cell's own numbers differ, and `lor2c plan --json`
 * has each of them.
 */
export function warningTexts(cells: readonly PlannedCell[]): string[] {
  const kinds = new Map<string, Warned[]>();
  for (const cell of cells) {
    for (const text of cell.inspected.warnings) {
      const kind = text.replace(/: .*/s, "").replace(/\d+([.,]\d+)*/g, "#");
      kinds.set(kind, [...(kinds.get(kind) ?? []), { text, label: cell.label }]);
    }
  }
  return [...kinds.values()].map((warned) => onLine(warned, cells.length));
}

interface Warned {
  text: string;
  label: string;
}

function onLine(warned: readonly Warned[], cells: number): string {
  const { text, label } = warned[0] as Warned;
  const same = warned.every((one) => one.text === text);
  if (same && warned.length === cells) return text;
  if (warned.length === 1) return `${text} (${label})`;
  return `${text} (${label}${same ? " and" : ", and the like in"} ${warned.length - 1} more)`;
}
