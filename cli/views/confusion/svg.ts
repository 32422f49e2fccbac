import * as Plot from "@observablehq/plot";
import stringWidth from "string-width";
import { formatCount, formatScore, formatValue, plural } from "../format.js";
import { hex, inkOn, viridis } from "../grid/colour.js";
import { clip } from "../parts/fit.js";
import {
  EDGE,
  FAMILY,
  fittingWidth,
  GREY,
  heading,
  headingWidth,
  LINE,
  label,
  markup,
  nested,
  newDocument,
  notes,
  noteWidth,
  page,
  WIDEST,
} from "../parts/svg.js";
import { oneLine } from "../parts/visible.js";
import type { OfRun } from "../view.js";
import type { ClassReport, ErrorReport, LabelsReport, Report } from "./report.js";

const TOP = 64;
/** Pixels for the title of an axis. */
const TITLE = 28;
/** Pixels of a character of a name, rounded up: in a line, and how far and high it reaches where the name is turned. */
const CHARACTER = { line: 7, across: 5.4, up: 4.6 };
/** Pixels of a cell at the most. */
const CELL = 72;
const NAME = 22;

interface Block {
  /** What the drawing is of. */
  title: string;
  width: number;
  height: number;
  svg: string;
  note: string;
}

/** For each run, below each other: the matrix, scores of each label, or predictions by labels. */
export function confusionSvg(shown: readonly OfRun<Report>[]): string {
  const document = newDocument();
  const blocks = shown.map(({ run, label, data }) => ({ name: `${run}  ${label}`, ...blockOf(data, document) }));
  let height = 0;
  const parts = blocks.flatMap((block) => {
    const y = height;
    height += TOP + block.height + 2 * LINE;
    return [
      heading(block.name, WIDEST, y),
      label(EDGE, y + 48, block.title, 'font-size="12"'),
      nested(block.svg, 0, y + TOP),
      ...notes([block.note], y + TOP + block.height + LINE),
    ];
  });
  const width = fittingWidth(
    blocks.flatMap(({ name, title, note, width }) => [headingWidth(name), noteWidth(title), noteWidth(note), width]),
  );
  const names = blocks.map(({ name }) => name).join(", ");
  return page({ width, height: height + 8, title: clip(`confusion: ${names}`, 200), parts });
}

function blockOf(data: Report, document: Document): Block {
  if (data.kind === "classify") return matrixOf(data, document);
  return data.kind === "multi_label" ? labelsOf(data, document) : pointsOf(data, document);
}

/** Each row is coloured by its share of the rows with that label. */
function matrixOf({ labels, matrix, accuracy, rows }: ClassReport, document: Document): Block {
  const names = labels.map(({ label }) => label);
  const cells = matrix.flatMap((row, y) =>
    row.map((count, x) => ({ x, y, text: formatCount(count), part: count / Math.max(1, labels[y]?.support ?? 1) })),
  );
  const axes = { rows: { title: "true", names }, columns: { title: "predicted", names } };
  return {
    title: `confusion matrix of ${plural(rows, "evaluation row")}`,
    note: `colour: share of the label's rows; accuracy ${formatScore(accuracy)}`,
    ...table(axes, cells, document),
  };
}

function labelsOf({ labels, accuracy, rows }: LabelsReport, document: Document): Block {
  const cells = labels.flatMap(({ precision, recall, f1 }, y) =>
    [precision, recall, f1].map((part, x) => ({ x, y, text: formatScore(part), part })),
  );
  const names = labels.map(({ label }) => label);
  const axes = {
    rows: { title: "label", names },
    columns: { title: "score", names: ["precision", "recall", "f1"] },
  };
  return {
    title: `scores of each label, ${plural(rows, "evaluation row")}`,
    note: `all labels right: ${formatScore(accuracy)}`,
    ...table(axes, cells, document),
  };
}

interface Axis {
  title: string;
  names: readonly string[];
}

interface Cell {
  x: number;
  y: number;
  text: string;
  part: number;
}

function table(axes: { rows: Axis; columns: Axis }, cells: Cell[], document: Document) {
  const [rows, columns] = [shortened(axes.rows.names), shortened(axes.columns.names)];
  const left = TITLE + CHARACTER.line * longest(rows) + 12;
  const room = WIDEST - left - 8;
  const name = longest(columns);
  const straight = Math.min(CELL, room / columns.length) > CHARACTER.line * name + 4;
  // A turned name reaches beyond its column.
  const beyond = straight ? 0 : CHARACTER.across * name;
  const above = straight ? 22 : CHARACTER.up * name + 18;
  const step = Math.min(CELL, (room - beyond) / columns.length);
  const line = Math.max(4, Math.min(30, step));
  const top = above + 18;
  const height = top + rows.length * line;
  const every = Math.max(1, Math.ceil(13 / Math.min(step, line)));
  const named = (names: readonly string[]) =>
    names.map((name, at) => ({ at, name })).filter(({ at }) => at % every === 0);
  const drawn = cells.map((cell) => {
    const colour = viridis(cell.part);
    return { ...cell, fill: hex(colour), ink: inkOn(colour), text: cell.text.length * 6.5 > step ? "" : cell.text };
  });
  const plot = Plot.plot({
    document,
    width: left + columns.length * step + 8,
    height,
    ...{ marginTop: top, marginLeft: left, marginRight: 8, marginBottom: 0 },
    style: { fontSize: "11px", fontFamily: FAMILY, overflow: "visible" },
    x: { domain: [0, columns.length], axis: null },
    y: { domain: [0, rows.length], axis: null, reverse: true },
    marks: [
      Plot.rect(drawn, {
        x1: "x",
        x2: (cell: Cell) => cell.x + 1,
        y1: "y",
        y2: (cell: Cell) => cell.y + 1,
        fill: "fill",
        inset: 0.5,
      }),
      Plot.text(drawn, {
        x: (cell: Cell) => cell.x + 0.5,
        y: (cell: Cell) => cell.y + 0.5,
        text: "text",
        fill: "ink",
        fontSize: 10,
      }),
      Plot.text(named(columns), {
        x: ({ at }: { at: number }) => at + 0.5,
        text: "name",
        frameAnchor: "top",
        dy: -6,
        ...(straight ? { lineAnchor: "bottom" } : { textAnchor: "start", rotate: -40, dx: -2 }),
      }),
      Plot.text(named(rows), {
        x: 0,
        y: ({ at }: { at: number }) => at + 0.5,
        text: "name",
        textAnchor: "end",
        dx: -8,
      }),
      Plot.text([axes.columns.title], {
        text: (title: string) => title,
        frameAnchor: "top",
        lineAnchor: "bottom",
        dy: -above,
        fontSize: 12,
      }),
      Plot.text([axes.rows.title], {
        text: (title: string) => title,
        frameAnchor: "left",
        textAnchor: "middle",
        rotate: -90,
        dx: EDGE + 8 - left,
        fontSize: 12,
      }),
    ],
  });
  return { width: Math.ceil(left + columns.length * step + beyond) + 8, height, svg: markup(plot) };
}

const shortened = (names: readonly string[]) => names.map((name) => clip(oneLine(name), NAME));

const longest = (names: readonly string[]) => Math.max(1, ...names.map((name) => stringWidth(name)));

function pointsOf({ points, rows, mae }: ErrorReport, document: Document): Block {
  const [width, height] = [520, 420];
  const values = points.flat();
  const range = [Math.min(...values), Math.max(...values)];
  const plot = Plot.plot({
    document,
    width,
    height,
    ...{ marginLeft: 64, marginBottom: 40, marginTop: 20, marginRight: 20 },
    style: { fontSize: "11px", fontFamily: FAMILY },
    x: { label: "true", labelArrow: "none", labelAnchor: "center", tickFormat: formatValue, nice: true },
    y: {
      label: "predicted",
      labelArrow: "none",
      labelAnchor: "center",
      tickFormat: formatValue,
      nice: true,
      grid: true,
    },
    marks: [
      Plot.line(
        range.map((value) => [value, value]),
        { stroke: GREY, strokeDasharray: "4 3" },
      ),
      Plot.dot(points, { r: 2, fill: "#0072b2", fillOpacity: 0.5 }),
    ],
  });
  const few = points.length < rows ? `${formatCount(points.length)} of ${formatCount(rows)} rows; ` : "";
  return {
    ...{ title: `predictions by labels, ${plural(rows, "evaluation row")}`, width, height, svg: markup(plot) },
    note: `${few}dashed: no error; mean absolute error ${formatValue(mae)}`,
  };
}
