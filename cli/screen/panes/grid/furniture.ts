/** What stands below the rows, as much as there is room for. */
import { clip } from "../../../views/parts/fit.js";
import type { Line } from "../../line.js";
import { cutAfter } from "../wrap-spans.js";

export interface Below {
  columns: number;
  /** What is known of the cell under the cursor; empty: there is none. The same on lines. */
  known: string;
  cell: readonly string[];
  legend: readonly Line[];
  beside: readonly Line[];
  /** Each as its lines. Called only if there is room, because breaking long sentences takes time. */
  notes: () => readonly Line[][];
}

/** More lines about one cell would hide the rest. */
export const MOST_OF_CELL = 3;

/** Lines of everything but the notes, with one for the names of the axes. */
export const allOf = ({ cell, legend, beside }: Below): number => 1 + cell.length + legend.length + beside.length;

/** `spare`: lines besides the first of the cell. `titled`: whether the axes' names have a line of their own. */
export function furnish(below: Below, spare: number): { titled: boolean; lines: Line[] } {
  let left = Math.max(0, spare);
  const take = (most: number) => {
    const taken = Math.max(0, Math.min(left, most));
    left -= taken;
    return taken;
  };
  const first = Math.min(1, below.cell.length);
  let legend = take(Math.min(1, below.legend.length));
  let beside = take(below.beside.length);
  const titled = take(1) === 1;
  const cell = first + take(below.cell.length - first);
  legend += take(below.legend.length - legend);
  beside += take(below.beside.length - beside);
  return {
    titled,
    lines: [
      ...cellLines(below, cell),
      ...cutAfter(below.legend, legend),
      ...cutAfter(below.beside, beside),
      ...(left > 1 ? wholeNotes(below.notes(), left) : []),
    ],
  };
}

/** The last line is cut, with a mark, if there are more. */
function cellLines({ known, cell, columns }: Below, count: number): Line[] {
  const whole = cell.slice(0, count - 1);
  const before = whole.flatMap((line) => line.trim().split(" ")).length;
  const rest = known.split(" ").slice(before).join(" ");
  const lines = count > 0 ? [...whole, clip(`${count > 1 ? "  " : ""}${rest}`, columns)] : [];
  return lines.map((text): Line => [{ text, role: "accent" }]);
}

/** After a blank line, those of which all lines have room, with a mark if there are more. */
function wholeNotes(notes: readonly Line[][], room: number): Line[] {
  let count = 0;
  for (let left = room - 1; count < notes.length; count++) {
    left -= notes[count]?.length ?? 0;
    if (left < 0) break;
  }
  const all = notes.flat();
  const shown = cutAfter(all, notes.slice(0, count).flat().length);
  return shown.length === 0 ? [] : [[], ...shown];
}
