import * as Plot from "@observablehq/plot";
import { numberFormat } from "../compare/values.js";
import { clip } from "../parts/fit.js";
import { FAMILY, GREY, heading, LINE, label, markup, nested, newDocument, notes, page, roomOf } from "../parts/svg.js";
import { oneLine } from "../parts/visible.js";
import { wrap } from "../parts/wrap.js";
import type { ParetoData, ParetoPoint, ParetoSet } from "./data.js";
import { frontSteps, paretoTitle, xScale } from "./drawn.js";
import { type PlacedName, placeNames } from "./names.js";

const WIDTH = 720;
const CHART = 380;
const TOP = 44;
const FRONT = "#0072b2";
/** Lines that pass behind a name do not cross it. */
const HALO = 'stroke="white" stroke-width="3" stroke-linejoin="round" paint-order="stroke"';
const MARGIN = { marginLeft: 84, marginRight: 24, marginTop: 20, marginBottom: 44 };
/** Names that are longer, or more of them, are numbers in the drawing and stand below it. */
const NAME = 28;
const FEW = 12;

interface Part {
  height: number;
  draw: (y: number) => string[];
}

/** For each set of comparable rows, below each other: the front as steps through named points, the others in grey. */
export function paretoSvg({ of, sets }: ParetoData): string {
  const document = newDocument();
  let height = 0;
  const parts = sets.flatMap((set) => {
    const part = partOf(set, document);
    const y = height;
    height += part.height;
    return part.draw(y);
  });
  return page({ width: WIDTH, height: height + 8, title: clip(`pareto: ${of}`, 200), parts });
}

function partOf(set: ParetoSet, document: Document): Part {
  const title = paretoTitle(set);
  if (set.points.length === 0) {
    return {
      height: TOP + 2 * LINE,
      draw: (y) => [heading(title, WIDTH, y), ...notes(["no row has both measures yet"], y + TOP + LINE)],
    };
  }
  const { svg, names } = chart(set, document);
  const lines = [...legendOf(set), ...names].flatMap((line) => wrap(line.split(" "), " ", roomOf(WIDTH)));
  return {
    height: TOP + CHART + (lines.length + 1) * LINE,
    draw: (y) => [heading(title, WIDTH, y), nested(svg, 0, y + TOP), ...notes(lines, y + TOP + CHART + LINE)],
  };
}

function legendOf(set: ParetoSet): string[] {
  const several = set.points.some(({ n }) => n > 1);
  const bars = several ? "; means over seeds, bars: 95 % interval of the mean" : "";
  const { note } = xScale(set);
  return [`blue: no other row is as good in both and better in one${bars}`, ...(note === null ? [] : [note])];
}

/** `names` are the lines that say which number is which point. */
function chart(set: ParetoSet, document: Document): { svg: string; names: string[] } {
  const { points, x, y } = set;
  const scale = xScale(set);
  const [xText, yText] = [
    numberFormat(
      x,
      points.map((point) => point.x),
    ),
    numberFormat(
      y,
      points.map((point) => point.y),
    ),
  ];
  const drawn = points.map((point) => ({ ...point, x: scale.at(point.x) }));
  const plot = Plot.plot({
    document,
    ...{ width: WIDTH, height: CHART, ...MARGIN },
    style: { fontSize: "11px", fontFamily: FAMILY, overflow: "visible" },
    x: {
      ...{ label: oneLine(x.heading), labelArrow: "none", labelAnchor: "center", type: scale.log ? "log" : "linear" },
      ...{ nice: !scale.log, ticks: scale.ticks ?? 6, tickFormat: (at: number) => xText(scale.value(at)) },
      ...{ insetLeft: 10, insetRight: 10 },
    },
    y: {
      ...{ label: oneLine(y.heading), labelArrow: "none", labelAnchor: "center", nice: true, grid: true },
      ...(y.unit === null && new Set(points.map((point) => point.y)).size > 1 ? {} : { tickFormat: yText }),
    },
    marks: [
      Plot.line(
        frontSteps(set).map((corner) => ({ ...corner, x: scale.at(corner.x) })),
        { x: "x", y: "y", stroke: FRONT, strokeWidth: 1.4 },
      ),
      Plot.ruleX(
        drawn.filter(({ y_low, y_high }) => y_low !== null && y_low !== y_high),
        { x: "x", y1: "y_low", y2: "y_high", stroke: GREY, strokeWidth: 0.8 },
      ),
      Plot.dot(drawn, { x: "x", y: "y", r: 4, fill: (point: ParetoPoint) => (point.front ? FRONT : "#999999") }),
    ],
  });
  const [toX, toY] = [plot.scale("x"), plot.scale("y")];
  const places = drawn.map((point) => ({ x: Number(toX?.apply(point.x)), y: Number(toY?.apply(point.y)) }));
  const { placed, names } = namesOf(points, places);
  const texts = placed.map(({ x, y, text, of }) =>
    label(x, y, text, `font-size="10" text-anchor="start" ${HALO} fill="${points[of]?.front ? "black" : GREY}"`),
  );
  return { svg: markup(plot).replace(/<\/svg>\s*$/, `${texts.join("")}</svg>`), names };
}

/** Names beside their points where all find a place; otherwise numbers, with the names below the drawing. */
function namesOf(points: readonly ParetoPoint[], places: readonly { x: number; y: number }[]) {
  const area = {
    ...{ left: MARGIN.marginLeft + 2, top: MARGIN.marginTop - 12 },
    ...{ right: WIDTH - 4, bottom: CHART - MARGIN.marginBottom },
  };
  const texts = points.map(({ name }) => oneLine(name));
  if (texts.length <= FEW && texts.every((text) => text.length <= NAME)) {
    const placed = placeNames(
      places.map((place, at) => ({ ...place, text: texts[at] ?? "" })),
      area,
    );
    if (placed) return { placed, names: [] };
  }
  return { placed: numbered(places, area), names: texts.map((text, at) => `${at + 1}  ${text}`) };
}

/** Points that lie on each other have their numbers in one text. */
function numbered(places: readonly { x: number; y: number }[], area: Parameters<typeof placeNames>[1]): PlacedName[] {
  const groups = new Map<string, { x: number; y: number; text: string; of: number }>();
  for (const [of, { x, y }] of places.entries()) {
    const key = `${Math.round(x / 8)} ${Math.round(y / 8)}`;
    const group = groups.get(key);
    if (group) group.text += `, ${of + 1}`;
    else groups.set(key, { x, y, text: String(of + 1), of });
  }
  const all = [...groups.values()];
  const placed = placeNames(all, area)?.map((one) => ({ ...one, of: all[one.of]?.of ?? 0 }));
  return placed ?? all.map((one) => ({ ...one, x: one.x + 7, y: one.y - 7 }));
}
