import type { ModuleScoreRow } from "../../store/read.js";
import { formatValue } from "../format.js";
import { cellsSvg, TOP } from "../parts/cells-svg.js";
import { colourScale, SCALE } from "../parts/colour-scale.js";
import { distinct } from "../parts/distinct.js";
import { type EpochValue, epochTexts } from "../parts/epoch-grid.js";
import { extent } from "../parts/extent.js";
import { clip } from "../parts/fit.js";
import {
  EDGE,
  fittingWidth,
  heading,
  headingWidth,
  LINE,
  label,
  nested,
  newDocument,
  notes,
  noteWidth,
  page,
  roomOf,
  WIDEST,
} from "../parts/svg.js";
import { wrap } from "../parts/wrap.js";
import type { OfRun } from "../view.js";
import { changeLine, emptyText, INJECTED, type TimelineData } from "./data.js";
import { formTitle, formValues, placeOf, rankValues } from "./ranks.js";

/** Pixels for the colour scale with the gap before it. */
const BAR = SCALE.gap + SCALE.bar + SCALE.numbers;
/** A lower picture has no room for the numbers of the colour scale. */
const LEAST_HEIGHT = TOP + 60;

interface Part {
  width: number;
  height: number;
  draw: (y: number) => string[];
}

/** For each run, below each other: modules by epoch, changes, ranks, and scores at each rank. */
export function timelineSvg(shown: readonly OfRun<TimelineData>[]): string {
  const document = newDocument();
  const parts = shown.flatMap(({ run, label, data }): Part[] => [
    title(`${run}  ${label}`),
    ...partsOf(data, document),
  ]);
  const width = fittingWidth(parts.map((part) => part.width));
  let height = 0;
  const drawn = parts.flatMap((part) => {
    const y = height;
    height += part.height;
    return part.draw(y);
  });
  const names = shown.map(({ run, label }) => `${run}  ${label}`).join(", ");
  return page({ width, height: height + 8, title: clip(`timeline: ${names}`, 200), parts: drawn });
}

function partsOf(data: TimelineData, document: Document): Part[] {
  const { scores, changes, ranks, score_name, forms } = data;
  const words = changes.map(changeLine).flatMap((line) => wrap(line.split(" "), " ", roomOf(WIDEST)));
  const name = score_name ?? "";
  const parts = [
    ...(scores.length > 0 ? [modules(scores, document)] : []),
    ...(words.length > 0 ? [text(words)] : []),
    ...table(rankValues(ranks), "rank", placeOf, document),
    ...table(formValues(forms, name), formTitle(name), (key) => key, document),
  ];
  return parts.length > 0 ? parts : [text(wrap(emptyText(data).split(" "), " ", roomOf(WIDEST)))];
}

const title = (text: string): Part => ({
  width: headingWidth(text),
  height: 44,
  draw: (y) => [heading(text, WIDEST, y)],
});

const text = (lines: readonly string[]): Part => ({
  width: Math.max(...lines.map(noteWidth)),
  height: lines.length * LINE + 20,
  draw: (y) => notes(lines, y + 14),
});

/** Layers by epoch. A merged module covers all of its layers; a lighter colour is a higher score. */
function modules(rows: readonly ModuleScoreRow[], document: Document): Part {
  const epochs = new Map(rows.map((row) => [row.step, row.epoch]));
  const steps = [...epochs.keys()];
  const heads = epochTexts([...epochs.values()]);
  const [low, high] = extent(rows.flatMap((row) => row.score ?? []));
  const [, last] = extent(rows.map((row) => row.span_end));
  const cells = rows.map(({ step, span_start: from, span_end: to, kind, score }) => ({
    ...{ column: steps.indexOf(step), from, to },
    text: kind === INJECTED ? "+" : score === null ? "×" : "",
    part: kind === INJECTED || score === null ? null : partOf(score, low, high),
  }));
  const block = cellsSvg(
    {
      heads: steps.map((step) => heads.get(epochs.get(step) ?? 0) ?? ""),
      names: Array.from({ length: last + 1 }, (_, layer) => `layer ${layer}`),
      cells,
      width: WIDEST - BAR,
    },
    document,
  );
  const height = Math.max(block.height, LEAST_HEIGHT);
  const scored = low <= high;
  const scale = { from: low, to: high, text: formatValue, height: height - TOP };
  const name = scored ? `colour: ${rows[0]?.score_name}; ` : "";
  const legend = `${name}a block over several layers: merged; +: injected; ×: not finite`;
  return {
    width: Math.max(block.width + (scored ? BAR : 0), noteWidth(legend)),
    height: height + 2 * LINE,
    draw: (y) => [
      nested(block.svg, 0, y),
      ...(scored ? [nested(colourScale(scale, document), block.width + SCALE.gap, y + TOP)] : []),
      ...notes([legend], y + height + LINE),
    ],
  };
}

/** Rows by epoch as numbers, coloured between the lowest and the highest. */
function table(
  values: readonly EpochValue[],
  title: string,
  nameOf: (key: string) => string,
  document: Document,
): Part[] {
  if (values.length === 0) return [];
  const names = distinct(
    values.map(({ key }) => key),
    nameOf,
    (key) => key,
  );
  const keys = [...names.keys()];
  const epochs = [...new Set(values.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  const [low, high] = extent(values.map(({ text }) => Number(text)).filter(Number.isFinite));
  const cells = values.map(({ key, epoch, text }) => ({
    ...{ column: epochs.indexOf(epoch), from: keys.indexOf(key), to: keys.indexOf(key), text },
    part: Number.isFinite(Number(text)) ? partOf(Number(text), low, high) : null,
  }));
  const heads = [...epochTexts(epochs).values()];
  const block = cellsSvg({ heads, names: [...names.values()], cells, width: WIDEST }, document);
  const draw = (y: number) => [nested(block.svg, 0, y), label(EDGE, y + 28, title, 'font-size="12"')];
  return [{ width: Math.max(block.width + EDGE, noteWidth(title)), height: block.height + 24, draw }];
}

const partOf = (value: number, low: number, high: number) => (high > low ? (value - low) / (high - low) : 0.5);
