/** Letters of runs on their lines, because colour alone does not tell lines apart. */
import type { Canvas } from "../../../views/parts/canvas.js";
import type { Raster, Style } from "../../raster.js";

interface Lettered {
  letter: string;
  style: Style;
}

/** The letter beside the end of each line; each has a row of its own as long as there are enough, in their order. */
export function lettersAtEnds(edge: Raster, ends: readonly (Lettered & { row: number })[]): void {
  const { rows } = edge.size;
  const sorted = ends.toSorted((a, b) => a.row - b.row);
  const places: number[] = [];
  for (const { row } of sorted) places.push(Math.max(row, (places.at(-1) ?? -1) + 1));
  for (const [i, { letter, style }] of sorted.entries()) {
    const lowest = rows - sorted.length + i; // the ones below need rows as well
    edge.put(Math.max(0, Math.min(places[i] ?? 0, lowest)), 0, letter, style);
  }
}

/** The letter on the line itself, each line's at another place: for dense lines on a terminal without colours. */
export function letterWithin(plot: Raster, canvas: Canvas, pen: number, of: number, { letter, style }: Lettered): void {
  const { columns, rows } = plot.size;
  const from = Math.floor(((pen + 0.5) / of) * columns);
  for (let i = 0; i < columns; i++) {
    const column = (from + i) % columns;
    for (let row = 0; row < rows; row++) {
      if (canvas.text(row, column) === " " || canvas.penAt(row, column) !== pen) continue;
      plot.put(row, column, letter, style);
      return;
    }
  }
}
