import * as Plot from "@observablehq/plot";
import { formatCount, formatScore, formatValue } from "../format.js";
import { hex, inkOn, viridis } from "../grid/colour.js";
import { clip } from "../parts/fit.js";
import { FAMILY, GREY, heading, LINE, markup, nested, newDocument, notes, page } from "../parts/svg.js";
import { oneLine } from "../parts/visible.js";
import type { OfRun } from "../view.js";
import type { ClassReport, ErrorReport, LabelsReport, Report } from "./report.js";

const WIDTH = 720;
const TOP = 44;
const LEFT = 170;
/** Pixels of a cell at the most. */
const CELL = 72;
const NAME = 22;

interface Block {
  height: number;
  svg: string;
  note: string;
}

/** For each run, below each other: the matrix, scores of each label, or predictions by labels. */
export function confusionSvg(shown: readonly OfRun<Report>[]): string {
  const document = newDocument();
  let height = 0;
  const parts = shown.flatMap(({ run, label, data }) => {
    const block = blockOf(data, document);
    const y = height;
    height += TOP + block.height + 2 * LINE;
    return [
      heading(`${run}  ${label}`, WIDTH, y),
      nested(block.svg, 0, y + TOP),
      ...notes([block.note], y + TOP + block.height + LINE),
    ];
  });
  const names = shown.map(({ run, label }) => `${run}  ${label}`).join(", ");
  return page({ width: WIDTH, height: height + 8, title: clip(`confusion: ${names}`, 200), parts });
}

function blockOf(data: Report, document: Document): Block {
  if (data.kind === "classify") return matrixOf(data, document);
  return data.kind === "multi_label" ? labelsOf(data, document) : pointsOf(data, document);
}

/** Each row is coloured by its share of the rows with that label. */
function matrixOf({ labels, matrix, accuracy }: ClassReport, document: Document): Block {
  const names = labels.map(({ label }) => label);
  const cells = matrix.flatMap((row, y) =>
    row.map((count, x) => ({ x, y, text: formatCount(count), part: count / Math.max(1, labels[y]?.support ?? 1) })),
  );
  const note = `rows: labels, columns: predictions; colour: share of the label's rows; accuracy ${formatScore(accuracy)}`;
  return table(names, names, cells, note, document);
}

function labelsOf({ labels, accuracy }: LabelsReport, document: Document): Block {
  const cells = labels.flatMap(({ precision, recall, f1 }, y) =>
    [precision, recall, f1].map((part, x) => ({ x, y, text: formatScore(part), part })),
  );
  const names = labels.map(({ label }) => label);
  return table(names, ["precision", "recall", "f1"], cells, `all labels right: ${formatScore(accuracy)}`, document);
}

interface Cell {
  x: number;
  y: number;
  text: string;
  part: number;
}

function table(rows: string[], columns: string[], cells: Cell[], note: string, document: Document): Block {
  const step = Math.min(CELL, (WIDTH - LEFT - 8) / columns.length);
  const line = Math.max(4, Math.min(30, step));
  const height = 110 + rows.length * line;
  const every = Math.max(1, Math.ceil(13 / Math.min(step, line)));
  const named = (names: string[]) =>
    names.map((name, at) => ({ at, name: clip(oneLine(name), NAME) })).filter(({ at }) => at % every === 0);
  const drawn = cells.map((cell) => {
    const colour = viridis(cell.part);
    return { ...cell, fill: hex(colour), ink: inkOn(colour), text: cell.text.length * 6.5 > step ? "" : cell.text };
  });
  const plot = Plot.plot({
    document,
    width: LEFT + columns.length * step + 8,
    height,
    ...{ marginTop: 110, marginLeft: LEFT, marginRight: 8, marginBottom: 0 },
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
        textAnchor: "start",
        rotate: -40,
        dy: -6,
        dx: -2,
      }),
      Plot.text(named(rows), {
        x: 0,
        y: ({ at }: { at: number }) => at + 0.5,
        text: "name",
        textAnchor: "end",
        dx: -8,
      }),
    ],
  });
  return { height, svg: markup(plot), note };
}

function pointsOf({ points, rows, mae }: ErrorReport, document: Document): Block {
  const height = 420;
  const values = points.flat();
  const range = [Math.min(...values), Math.max(...values)];
  const plot = Plot.plot({
    document,
    width: 520,
    height,
    ...{ marginLeft: 64, marginBottom: 40, marginTop: 20, marginRight: 20 },
    style: { fontSize: "11px", fontFamily: FAMILY },
    x: { label: "label", labelArrow: "none", tickFormat: formatValue, nice: true },
    y: { label: "predicted", labelArrow: "none", tickFormat: formatValue, nice: true, grid: true },
    marks: [
      Plot.line(
        range.map((value) => [value, value]),
        { stroke: GREY, strokeDasharray: "4 3" },
      ),
      Plot.dot(points, { r: 2, fill: "#0072b2", fillOpacity: 0.5 }),
    ],
  });
  const few = points.length < rows ? `${formatCount(points.length)} of ${formatCount(rows)} rows; ` : "";
  return { height, svg: markup(plot), note: `${few}dashed: no error; mean absolute error ${formatValue(mae)}` };
}
