import { hex, viridis } from "../grid/colour.js";

/** The palette of Okabe and Ito, which colour-blind readers can tell apart. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/** A colour for each of so many lines; more lines than colours use a scale. */
export const seriesColours =
  (lines: number) =>
  (index: number): string =>
    COLOURS.length >= lines ? (COLOURS[index] ?? "#000000") : hex(viridis((0.92 * index) / Math.max(1, lines - 1)));
