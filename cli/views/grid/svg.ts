/** A grid as a picture for a paper or a slide: the same bytes for the same data, on every machine. */
import * as Plot from "@observablehq/plot";
import { colourScale, SCALE } from "../parts/colour-scale.js";
import { clip } from "../parts/fit.js";
import { FAMILY, GREY, heading, LINE, label, markup, nested, newDocument, notes, page, roomOf } from "../parts/svg.js";
import { wrap } from "../parts/wrap.js";
import type { GridCell } from "./cell.js";
import { hex, inkOn, viridis } from "./colour.js";
import type { Grid } from "./grid.js";
import { hoverText } from "./hover.js";
import { type GridMap, type MapName, mapOf } from "./map.js";
import {
  axisTitle,
  footnotes,
  legendOf,
  marksOf,
  nameOf,
  scoreText,
  signOf,
  spreadText,
  subjectText,
} from "./marks.js";
import { type Scale, scaleOf } from "./scale.js";

/** Sizes in pixels. The width of a cell and the left margin are minimums. */
const CELL = { width: 66, height: 46 };
const MARGIN = { top: 122, left: 74, right: 8, bottom: 18 };
/** Width of the rotated title with its space. */
const TITLE = 40;
/** Width of a character of an axis, rounded up. */
const CHARACTER = 7.6;
/** Footnotes need room even below a small grid. */
const LEAST_WIDTH = 460;
/** Characters that a cell has room for at the usual size, in bold. */
const LONG_TEXT = 7;
const EMPTY = "#efefef";
/** Texts let the pointer through to their cell. */
const INK = { fill: "ink", pointerEvents: "none" } as const;

interface Drawn extends GridCell {
  /** Indices of the values on the axes. Texts are only labels. */
  x: number;
  y: number;
  fill: string;
  ink: string;
  text: string;
  /** Whether the text is more than a sign. */
  valued: boolean;
  hover: string;
}

export function gridSvg(grid: Grid, show: MapName = "score"): string {
  const document = newDocument();
  const map = mapOf(grid, show);
  const scale = scaleOf(grid, map);
  const { left, cell } = widthsOf(grid);
  const edge = left + grid.cols.values.length * cell + SCALE.gap;
  const width = Math.max(LEAST_WIDTH, edge + SCALE.bar + SCALE.numbers);
  const body = MARGIN.top + grid.rows.values.length * CELL.height;
  const legend = legendOf(grid, show === "score").map(([sign, meaning]) => `${sign} ${meaning}`);
  const room = roomOf(width);
  const lines = [
    ...wrap(legend, ",  ", room),
    ...footnotes(grid).flatMap((note) => wrap(note.split(/ (?!\d)/), " ", room)),
  ];
  return page({
    width,
    height: body + MARGIN.bottom + lines.length * LINE + 14,
    title: `${nameOf(grid)}: ${map.measure}`,
    parts: [
      heading(nameOf(grid), width),
      label(12, 48, clip(map.measure, room * 0.85), 'font-size="12"'),
      label(12, 65, clip(subjectText(grid), room * 0.85), `font-size="12" fill="${GREY}"`),
      nested(chart(grid, map, scale, document), 0, 0),
      ...(scale ? [nested(scaleBar(map, scale, body - MARGIN.top, document), edge, MARGIN.top)] : []),
      ...notes(lines, body + MARGIN.bottom + 14),
    ],
  });
}

/** Room for the longest text of each axis: names of methods and data are longer than numbers. */
function widthsOf({ rows, cols }: Grid): { left: number; cell: number } {
  const longest = (texts: readonly string[]) => Math.ceil(CHARACTER * Math.max(...texts.map((text) => text.length)));
  const left = Math.max(MARGIN.left, TITLE + longest(rows.texts));
  // The cells of a small grid fill the width that the footnotes need.
  const room = LEAST_WIDTH - left - SCALE.gap - SCALE.bar - SCALE.numbers;
  return { left, cell: Math.max(CELL.width, longest(cols.texts) + 4, Math.floor(room / cols.texts.length)) };
}

/** Draws axes and cells. */
function chart(grid: Grid, map: GridMap, scale: Scale | null, document: Document): string {
  const cells = grid.cells.map((cell) => drawn(grid, map, scale, cell));
  const tall = grid.seeds > 1 && map.name === "score";
  const at = { x: "x", y: "y" };
  const { left, cell: cellWidth } = widthsOf(grid);
  const plot = Plot.plot({
    document,
    width: left + MARGIN.right + grid.cols.values.length * cellWidth,
    height: MARGIN.top + grid.rows.values.length * CELL.height,
    marginTop: MARGIN.top,
    marginLeft: left,
    marginRight: MARGIN.right,
    marginBottom: 0,
    padding: 0,
    style: { fontSize: "12px", fontFamily: FAMILY },
    x: { type: "band", domain: [...grid.cols.values.keys()], axis: null },
    y: { type: "band", domain: [...grid.rows.values.keys()], axis: null },
    marks: [
      Plot.axisX({
        anchor: "top",
        tickFormat: (at: number) => grid.cols.texts[at] ?? "",
        tickSize: 0,
        label: axisTitle(grid.cols),
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 44,
        fontSize: 12,
      }),
      Plot.axisY({
        anchor: "left",
        tickFormat: (at: number) => grid.rows.texts[at] ?? "",
        tickSize: 0,
        label: axisTitle(grid.rows),
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: left - 22,
        fontSize: 12,
      }),
      Plot.cell(cells, { ...at, fill: "fill", inset: 0.5, title: "hover" }),
      Plot.cell(
        cells.filter((cell) => cell.best),
        { ...at, fill: "none", stroke: "black", strokeWidth: 2.5, inset: 1.75 },
      ),
      ...texts(cells, tall ? -6 : 0),
      ...(tall
        ? [Plot.text(cells, { ...at, text: (cell: Drawn) => spread(grid, cell), ...INK, fontSize: 10, dy: 10 })]
        : []),
    ],
  });
  return markup(plot);
}

/** Bold for the best, larger for a sign alone (it would be hard to see), smaller for long texts, to fit the cell. */
function texts(cells: Drawn[], dy: number) {
  const common = { x: "x", y: "y", text: "text", ...INK };
  const alone = (cell: Drawn) => !cell.valued;
  const fontSize = Math.max(...cells.map(({ text }) => text.length)) > LONG_TEXT ? 11 : 13;
  return [
    Plot.text(
      cells.filter((cell) => cell.best),
      { ...common, fontSize, fontWeight: "bold", dy },
    ),
    Plot.text(
      cells.filter((cell) => !cell.best && !alone(cell)),
      { ...common, fontSize, dy },
    ),
    Plot.text(cells.filter(alone), { ...common, fontSize: 18 }),
  ];
}

function drawn(grid: Grid, map: GridMap, scale: Scale | null, cell: GridCell): Drawn {
  const value = map.value(cell);
  const newest = map.name === "score" && value === null ? cell.soFar : null;
  const colour = value === null || !scale ? null : viridis(scale.part(value));
  return {
    ...cell,
    x: grid.cols.values.indexOf(cell.col),
    y: grid.rows.values.indexOf(cell.row),
    fill: colour ? hex(colour) : cell.state === "left_out" ? "#ffffff" : EMPTY,
    ink: colour ? inkOn(colour) : GREY,
    valued: value !== null || newest !== null,
    text:
      value !== null
        ? `${map.text(value)}${marksOf(cell)}`
        : `${newest === null ? "" : scoreText(grid, newest)}${signOf(cell)}`,
    hover: hoverText(grid, cell),
  };
}

const spread = (grid: Grid, { n, deviation }: GridCell) =>
  n === 0 ? "" : `${deviation === null ? "" : `±${spreadText(grid, deviation)}`}/${n}`;

const scaleBar = (map: GridMap, { worst, best }: Scale, height: number, document: Document): string =>
  colourScale({ from: worst, to: best, text: (value) => map.text(value), height }, document);
