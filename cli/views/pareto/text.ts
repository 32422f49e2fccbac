/** The front as a table and a chart. Pure, no ANSI. */
import { numberFormat } from "../compare/values.js";
import { chart } from "../parts/chart.js";
import { prose } from "../parts/prose.js";
import { LABEL, type TableColumn, tableLines } from "../parts/table.js";
import { oneLine } from "../parts/visible.js";
import { UNBOUNDED } from "../view.js";
import type { ParetoAxis, ParetoData, ParetoSet } from "./data.js";
import { frontSteps, paretoTitle, xScale } from "./drawn.js";

const HEIGHT = 10;
const FRONT = "*";

/** `width` is that of the terminal, null for a file or a pipe. */
export const paretoText = ({ sets }: ParetoData, width: number | null): string =>
  sets.map((set) => setLines(set, width).join("\n")).join("\n\n\n");

function setLines(set: ParetoSet, width: number | null): string[] {
  const { points, without, x, y } = set;
  const missing =
    without.length > 0
      ? prose(`not shown, without both measures of a finished run: ${without.map(oneLine).join(", ")}`, width)
      : [];
  const title = prose(paretoTitle(set), width);
  if (points.length === 0) return [...title, "", "no row has both measures yet", ...missing];
  const [xText, yText] = [x, y].map((axis, at) =>
    numberFormat(
      axis,
      points.map((point) => (at === 0 ? point.x : point.y)),
    ),
  ) as [(value: number) => string, (value: number) => string];
  const rows = points.map((point, at) => [
    point.front ? FRONT : "",
    String(at + 1),
    point.name,
    xText(point.x),
    `${yText(point.y)}${point.y_low === null || point.y_high === null ? "" : ` ± ${yText((point.y_high - point.y_low) / 2)}`}`,
    String(point.n),
    point.dominated_by ?? "",
  ]);
  const several = points.some(({ n }) => n > 1);
  const legend = [
    `${FRONT} front: no other row is as good in both and better in one (${betterText(x)}, ${betterText(y)})`,
    ...(several ? ["± is half of the 95 % interval of the mean over seeds; the front compares means"] : []),
  ];
  return [
    ...title,
    "",
    ...tableLines(columnsOf(set), rows, width),
    "",
    ...legend.flatMap((line) => prose(line, width)),
    ...missing,
    ...(points.length > 1 ? ["", ...drawing(set, width, xText, yText)] : []),
  ];
}

const betterText = ({ heading, better }: ParetoAxis): string => `${better} ${oneLine(heading)} is better`;

const columnsOf = ({ x, y }: ParetoSet): TableColumn[] => [
  { key: "front", title: "" },
  { key: "number", title: "#", align: "right", keep: 1 },
  { key: "name", title: "name", ...LABEL },
  { key: "x", title: oneLine(x.heading), align: "right" },
  { key: "y", title: oneLine(y.heading), align: "right" },
  { key: "n", title: "seeds", align: "right", keep: 2 },
  { key: "dominated", title: "dominated by", keep: 1, least: 12, long: "apart" },
];

/** The front as steps; each row is a dot with its number in the table on its right. */
function drawing(
  set: ParetoSet,
  width: number | null,
  xText: (value: number) => string,
  yText: (value: number) => string,
): string[] {
  const { points, x, y } = set;
  const scale = xScale(set);
  const at = (value: number) => (scale.log ? Math.log(scale.at(value)) : value);
  const byPlace = new Map(points.map((point) => [at(point.x), point.x]));
  const line = { points: frontSteps(set).map((corner) => ({ ...corner, x: at(corner.x) })), index: 0, mark: "" };
  const dots = points.map((point, i) => ({
    ...{ points: [{ x: at(point.x), y: point.y }], index: 0, mark: String(i + 1), inside: true },
  }));
  const ends = { xText: (place: number) => xText(byPlace.get(place) ?? place), yText };
  return [
    ...prose(`${oneLine(y.heading)} by ${oneLine(x.heading)}; line: the front; numbers: # in the table`, width),
    ...(scale.note === null ? [] : prose(scale.note, width)),
    ...chart([line, ...dots], { width: width ?? UNBOUNDED, height: HEIGHT, ...ends }),
  ];
}
