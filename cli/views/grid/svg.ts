/** A grid as a picture for a paper or a slide: the same bytes for the same data, on every machine. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { clip } from "../parts/fit.js";
import { wrap } from "../parts/wrap.js";
import type { GridCell } from "./cell.js";
import { hex, inkOn, viridis } from "./colour.js";
import type { Grid } from "./grid.js";
import {
  axisTitle,
  footnotes,
  legendOf,
  marksOf,
  measureText,
  scoreText,
  signOf,
  spreadText,
  subjectText,
  valueText,
} from "./marks.js";
import { type Scale, scaleOf } from "./scale.js";

/** The family that png.ts brings along; named in the file, with what browsers have in its place. */
export const FONT = "DejaVu Sans";
const FAMILY = `${FONT}, Verdana, sans-serif`;

/** Pixels. */
const CELL = { width: 66, height: 46 };
const MARGIN = { top: 108, left: 74, right: 8, bottom: 18 };
/** Of the colour scale: the gap before it, its bar, its numbers. */
const SCALE = { gap: 14, bar: 16, numbers: 56 };
/** Footnotes need room even beside a small grid. */
const LEAST_WIDTH = 460;
const LINE = 16;
/** Characters that a cell has room for at the usual size, in bold. */
const LONG_TEXT = 7;
const EMPTY = "#efefef";
const GREY = "#555555";
/** Width of a character of the footnotes' size, rather too large: they are broken where the picture ends. */
const CHARACTER = 6.3;

interface Drawn extends GridCell {
  x: string;
  y: string;
  fill: string;
  ink: string;
  text: string;
}

export function gridSvg(grid: Grid): string {
  const { document } = parseHTML("<html><body></body></html>");
  const scale = scaleOf(grid);
  const edge = MARGIN.left + grid.cols.values.length * CELL.width + SCALE.gap;
  const width = Math.max(LEAST_WIDTH, edge + SCALE.bar + SCALE.numbers);
  const body = MARGIN.top + grid.rows.values.length * CELL.height;
  const legend = legendOf(grid).map(([sign, meaning]) => `${sign} ${meaning}`);
  const room = Math.floor((width - 24) / CHARACTER);
  const lines = [
    ...wrap(legend, ",  ", room),
    ...footnotes(grid).flatMap((note) => wrap(note.split(/ (?!\d)/), " ", room)),
  ];
  const height = body + MARGIN.bottom + lines.length * LINE + 14;
  const parts = [
    label(12, 28, clip(grid.experiment.name, room * 0.6), 'font-size="16" font-weight="bold"'),
    label(12, 48, clip(measureText(grid), room * 0.85), 'font-size="12"'),
    label(12, 65, clip(subjectText(grid), room * 0.85), `font-size="12" fill="${GREY}"`),
    nested(chart(grid, scale, document as unknown as Document), 0, 0),
    ...(scale
      ? [nested(colourScale(grid, scale, body - MARGIN.top, document as unknown as Document), edge, MARGIN.top)]
      : []),
    ...lines.map((line, i) => label(12, body + MARGIN.bottom + 14 + i * LINE, line, `font-size="11" fill="${GREY}"`)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FAMILY}">`,
    `<title>${escaped(`${grid.experiment.name}: ${measureText(grid)}`)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** Axes and cells. */
function chart(grid: Grid, scale: Scale | null, document: Document): string {
  const cells = grid.cells.map((cell) => drawn(grid, scale, cell));
  const tall = grid.seeds > 1;
  const at = { x: "x", y: "y" };
  const plot = Plot.plot({
    document,
    width: MARGIN.left + MARGIN.right + grid.cols.values.length * CELL.width,
    height: MARGIN.top + grid.rows.values.length * CELL.height,
    marginTop: MARGIN.top,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginBottom: 0,
    padding: 0,
    style: { fontSize: "12px", fontFamily: FAMILY },
    x: { type: "band", domain: grid.cols.values.map(valueText), axis: null },
    y: { type: "band", domain: grid.rows.values.map(valueText), axis: null },
    marks: [
      Plot.axisX({
        anchor: "top",
        tickSize: 0,
        label: axisTitle(grid.cols),
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 30,
        fontSize: 12,
      }),
      Plot.axisY({
        anchor: "left",
        tickSize: 0,
        label: axisTitle(grid.rows),
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 52,
        fontSize: 12,
      }),
      Plot.cell(cells, { ...at, fill: "fill", inset: 0.5 }),
      Plot.cell(
        cells.filter((cell) => cell.best),
        { ...at, fill: "none", stroke: "black", strokeWidth: 2.5, inset: 1.75 },
      ),
      ...texts(cells, tall ? -6 : 0),
      ...(tall
        ? [Plot.text(cells, { ...at, text: (cell: Drawn) => spread(grid, cell), fill: "ink", fontSize: 10, dy: 10 })]
        : []),
    ],
  });
  return markup(plot);
}

/** Bold where best; a sign alone is larger, or nobody would see it; long ones are smaller, to stay within their cell. */
function texts(cells: Drawn[], dy: number) {
  const common = { x: "x", y: "y", text: "text", fill: "ink" };
  const alone = (cell: Drawn) => cell.mean === null && cell.soFar === null;
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

function drawn(grid: Grid, scale: Scale | null, cell: GridCell): Drawn {
  const colour = cell.mean === null || !scale ? null : viridis(scale.part(cell.mean));
  const value = cell.mean ?? cell.soFar;
  const text =
    value === null ? signOf(cell) : `${scoreText(grid, value)}${cell.mean === null ? signOf(cell) : marksOf(cell)}`;
  return {
    ...cell,
    x: valueText(cell.col),
    y: valueText(cell.row),
    fill: colour ? hex(colour) : cell.state === "left_out" ? "#ffffff" : EMPTY,
    ink: colour ? inkOn(colour) : GREY,
    text,
  };
}

const spread = (grid: Grid, { n, deviation }: GridCell) =>
  n === 0 ? "" : `${deviation === null ? "" : `±${spreadText(grid, deviation)}`}/${n}`;

/** A bar from the worst to the best score, drawn as marks: legends of the library come as HTML. */
function colourScale(grid: Grid, scale: Scale, height: number, document: Document): string {
  const steps = Array.from({ length: 64 }, (_, i) => ({
    low: i / 64,
    high: Math.min(1, (i + 1.5) / 64), // over the next one: no hairlines between them

    fill: hex(viridis((i + 0.5) / 64)),
  }));
  const marks = scale.best === scale.worst ? [0.5] : [0, 0.5, 1];
  const plot = Plot.plot({
    document,
    width: SCALE.bar + SCALE.numbers,
    height,
    marginTop: 7,
    marginBottom: 7,
    marginLeft: 0,
    marginRight: SCALE.numbers,
    style: { fontSize: "11px", fontFamily: FAMILY },
    x: { axis: null, domain: [0, 1] },
    y: { axis: null, domain: [0, 1] },
    marks: [
      Plot.rect(steps, { x1: 0, x2: 1, y1: "low", y2: "high", fill: "fill" }),
      Plot.text(marks, {
        x: 1,
        y: (part: number) => part,
        text: (part: number) => scoreText(grid, scale.worst + part * (scale.best - scale.worst)),
        textAnchor: "start",
        dx: 6,
        fontSize: 11,
      }),
    ],
  });
  return markup(plot);
}

/** The types of a browser's elements are not part of this program. */
const markup = (plot: unknown) => (plot as { outerHTML: string }).outerHTML;

/** An SVG inside another one. */
const nested = (svg: string, x: number, y: number) => svg.replace("<svg ", `<svg x="${x}" y="${y}" `);

const label = (x: number, y: number, text: string, style: string) =>
  `<text x="${x}" y="${y}" ${style}>${escaped(text)}</text>`;

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
