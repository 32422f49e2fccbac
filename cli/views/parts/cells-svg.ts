import * as Plot from "@observablehq/plot";
import { hex, inkOn, viridis } from "../grid/colour.js";
import { clip } from "./fit.js";
import { FAMILY, GREY, markup } from "./svg.js";

/** One rectangle of a block. */
interface BlockCell {
  column: number;
  /** First row that the cell covers. */
  from: number;
  /** The last. */
  to: number;
  text: string;
  /** Colour from 0 to 1; null is grey, for a cell without a value. */
  part: number | null;
}

export interface Block {
  /** Labels above the columns. */
  heads: readonly string[];
  /** Labels beside the rows. */
  names: readonly string[];
  cells: readonly BlockCell[];
  /** Width of the whole block in pixels. */
  width: number;
}

const ROW = 20;
const WIDEST = 44;
const NARROWEST = 4;
export const TOP = 40;
const LEFT = 150;
/** Characters of a name that fit beside a row. */
const NAME = 22;

/** Draws rectangles in rows and columns: modules by epoch, ranks by epoch. */
export function cellsSvg({ heads, names, cells, width }: Block, document: Document) {
  const step = Math.max(NARROWEST, Math.min(WIDEST, Math.floor((width - LEFT) / heads.length)));
  const size = { width: LEFT + heads.length * step, height: TOP + names.length * ROW };
  const drawn = cells.map(({ column, from, to, text, part }) => {
    const colour = part === null ? null : viridis(part);
    return {
      ...{ x1: column, x2: column + 1, y1: from, y2: to + 1, x: column + 0.5, y: (from + to + 1) / 2 },
      ...{ fill: colour ? hex(colour) : "#efefef", ink: colour ? inkOn(colour) : GREY },
      text: text.length * 6.5 > step ? "" : text,
    };
  });
  const plot = Plot.plot({
    document,
    ...size,
    ...{ marginTop: TOP, marginLeft: LEFT, marginRight: 0, marginBottom: 0 },
    style: { fontSize: "11px", fontFamily: FAMILY },
    x: { domain: [0, heads.length], axis: null },
    y: { domain: [0, names.length], axis: null, reverse: true },
    marks: [
      Plot.rect(drawn, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: "fill", inset: 0.5 }),
      Plot.text(drawn, { x: "x", y: "y", text: "text", fill: "ink", fontSize: 10 }),
      Plot.text(spaced(heads, step), { x: "x", text: "text", frameAnchor: "top", dy: -12 }),
      Plot.text(["epoch"], { text: (word: string) => word, frameAnchor: "top-left", dy: -27 }),
      Plot.text(
        names.map((name, row) => ({ name: clip(name, NAME), y: row + 0.5 })),
        {
          ...{ x: 0, y: "y", text: "name", textAnchor: "end", dx: -8 },
        },
      ),
    ],
  });
  return { ...size, svg: markup(plot) };
}

/** As many of the numbers above the columns as fit without touching. */
function spaced(heads: readonly string[], step: number) {
  const every = Math.max(1, Math.ceil((7 * Math.max(...heads.map((text) => text.length)) + 6) / step));
  return heads.map((text, column) => ({ x: column + 0.5, text })).filter((_, column) => column % every === 0);
}
