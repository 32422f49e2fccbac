/** What stands in a cell: the texts of `lor2c heatmap`, and how far its runs in training are. */
import { isNoBetter } from "../../../store/score-direction.js";
import type { GridCell } from "../../../views/grid/cell.js";
import type { Grid } from "../../../views/grid/grid.js";
import type { GridMap } from "../../../views/grid/map.js";
import { marksOf, scoreText, signOf, spreadText } from "../../../views/grid/marks.js";
import type { ScreenRun } from "../../data.js";
import { runsOf } from "./cursor.js";

/** Signs of `heatmap` that a screen can show better. */
const BETTER: Readonly<Record<string, string>> = { "*": "★", "~": "≈" };
/** After a score that always predicting one label would reach too. */
export const NOT_ABOVE = "↓";

export const shownSign = (sign: string): string => sign.replace(/[*~]/g, (one) => BETTER[one] ?? one);

export interface CellStyle {
  map: GridMap;
  digits: number;
  /** Whether there is room to say how far runs in training are. */
  detail: boolean;
  /** Whether rows have a second line. */
  tall: boolean;
}

/** The number or sign, and the marks after it. */
export interface CellText {
  value: string;
  marks: string;
}

export function cellText(
  grid: Grid,
  runs: readonly ScreenRun[],
  cell: GridCell,
  { map, digits, detail, tall }: CellStyle,
): CellText {
  const how = detail && !tall && cell.state === "running" ? progressText(runs, cell) : "";
  const value = map.value(cell);
  if (value !== null) {
    const signs = shownSign(marksOf(cell));
    return {
      value: map.text(value, digits),
      marks: `${signs}${isNotAbove(grid, cell) ? NOT_ABOVE : ""}${how && `▸${how}`}`,
    };
  }
  const sign = signOf(cell);
  if (map.name === "score" && cell.soFar !== null)
    return { value: scoreText(grid, cell.soFar, digits), marks: sign + how };
  // Without a number there is room to say so.
  const known = cell.state === "running" ? progressText(runs, cell) : "";
  return { value: `${sign}${known}`, marks: "" };
}

/** The line below, where there are several seeds. */
export function spreadLine(
  grid: Grid,
  runs: readonly ScreenRun[],
  cell: GridCell,
  { digits, detail }: Pick<CellStyle, "digits" | "detail">,
): string {
  if (cell.state === "running") {
    const epoch = detail ? epochText(runs, cell) : "";
    return `${cell.n}/${cell.of}${epoch && ` ${epoch}`}`;
  }
  if (cell.n === 0) return "";
  return cell.deviation === null ? `/${cell.n}` : `±${spreadText(grid, cell.deviation, digits)}/${cell.n}`;
}

/** Whether always giving one answer scores as well. */
export const isNotAbove = ({ majority, score }: Grid, { mean }: GridCell): boolean =>
  isNoBetter(score.name, mean, majority);

/** `2/3` of the seeds done, or `e14`, the epochs done of the only one. */
const progressText = (runs: readonly ScreenRun[], cell: GridCell): string =>
  cell.of > 1 ? `${cell.n}/${cell.of}` : epochText(runs, cell);

/** Epochs done of the cell's run that is furthest; empty if not known. */
function epochText(runs: readonly ScreenRun[], cell: GridCell): string {
  const epochs = runsOf(runs, cell).flatMap(({ state, epoch }) => (state === "running" ? (epoch ?? []) : []));
  return epochs.length === 0 ? "" : `e${Math.floor(Math.max(...epochs))}`;
}
