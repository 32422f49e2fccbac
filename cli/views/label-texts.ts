import stringWidth from "string-width";
import type { PlannedCell } from "../plan/cell.js";
import { eachKindOnce } from "../plan/warnings.js";
import { formatCount } from "./format.js";
import { clip } from "./parts/fit.js";
import { oneLine } from "./parts/visible.js";

/** Columns of the terminal for all names, and for one of them. */
const WIDTH = 50;
const LONGEST = 25;

/** `labels: 3 (bad, neutral, good)` for the classes of the runs, in the order of the model's outputs. */
export function labelTexts(cells: readonly PlannedCell[]): string[] {
  const texts = cells
    .filter(({ inspected }) => inspected.label_names.length > 0)
    .map(({ inspected: { label_names }, label }) => ({ text: labelsText(label_names), label }));
  return eachKindOnce(texts, cells.length);
}

export function labelsText(names: readonly string[]): string {
  const shown: string[] = [];
  for (const name of names) {
    const next = clip(oneLine(name), LONGEST);
    if (stringWidth([...shown, next].join(", ")) > WIDTH) break;
    shown.push(next);
  }
  const more = names.length - shown.length;
  return `labels: ${formatCount(names.length)} (${shown.join(", ")}${more > 0 ? `, ... ${formatCount(more)} more` : ""})`;
}
