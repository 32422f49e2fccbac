/** A chart for each set of comparable rows, with a line for each row. Pure, no ANSI. */
import { constantAnswer } from "../../store/score-direction.js";
import { formatValue, plural } from "../format.js";
import { chart } from "../parts/chart.js";
import { namedNumber } from "../parts/named-number.js";
import { prose } from "../parts/prose.js";
import { oneLine } from "../parts/visible.js";
import { UNBOUNDED } from "../view.js";
import type { SeedCurve, SeedCurves, SeedPanel } from "./data.js";

const HEIGHT = 12;
/** More lines could not be told apart. */
const MOST = 8;

export const NOTHING = "nothing has been measured yet";

/** `width` is that of the terminal, null for a file or a pipe. */
export const seedsText = ({ panels }: SeedCurves, width: number | null): string =>
  panels.map((panel) => panelLines(panel, width).join("\n")).join("\n\n\n");

export const panelTitle = ({ task, split, metric, eval_rows, majority, score_name }: SeedPanel): string => {
  const rows = split === "eval" && eval_rows !== null ? ` on ${plural(eval_rows, "row")}` : "";
  const beside = majority === null ? "" : ` (${constantAnswer(score_name)} ${formatValue(majority)})`;
  return oneLine(`${task}: ${split === "eval" ? "" : `${split} `}${metric}${rows}${beside} by epoch`);
};

/** `LoRA, 5 seeds: last 0.81 (0.79 to 0.83)`; with their number where fewer seeds have got so far. */
export const curveText = (curve: SeedCurve): string => `${nameText(curve)}: ${lastText(curve)}`;

const mostSeeds = ({ points }: SeedCurve): number => Math.max(...points.map(({ n }) => n));

function nameText(curve: SeedCurve): string {
  const most = mostSeeds(curve);
  return oneLine(`${curve.name}${most > 1 ? `, ${plural(most, "seed")}` : ""}`);
}

function lastText(curve: SeedCurve): string {
  const { points } = curve;
  const last = points.at(-1);
  const band = last && last.n > 1 ? ` (${formatValue(last.low)} to ${formatValue(last.high)})` : "";
  const fewer = last && last.n < mostSeeds(curve) ? ` of ${plural(last.n, "seed")}` : "";
  return `last ${formatValue(last?.mean ?? null)}${fewer}${band}`;
}

function panelLines(panel: SeedPanel, width: number | null): string[] {
  const { curves } = panel;
  const title = prose(panelTitle(panel), width);
  if (curves.length === 0) return [...title, NOTHING];
  const shown = curves.slice(0, MOST);
  const series = shown.map(({ points }, index) => ({
    points: points.map(({ epoch, mean }) => ({ x: epoch, y: mean })),
    index,
    mark: shown.length > 1 ? String(index + 1) : "",
  }));
  const hidden = curves.length - shown.length;
  const several = curves.some(({ runs }) => runs.length > 1);
  return [
    ...title,
    ...chart(series, { width: width ?? UNBOUNDED, height: HEIGHT, xName: "epoch" }),
    ...shown.flatMap((one, i) => namedNumber(`  ${i + 1}  `, nameText(one), lastText(one), width ?? UNBOUNDED)),
    ...(several ? prose("a line is the mean over seeds; in brackets the lowest and the highest", width) : []),
    ...(hidden > 0
      ? prose(`the best ${MOST} of ${curves.length} rows; --format csv and -o picture.svg have all`, width)
      : []),
  ];
}
