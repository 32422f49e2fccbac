/** Words and signs for a grid, the same in every picture. */
import { supported } from "../../stats/supported.js";
import { constantAnswer } from "../../store/score-direction.js";
import { formatValue, plural } from "../format.js";
import { extent } from "../parts/extent.js";
import { oneLine } from "../parts/visible.js";
import type { GridAxis } from "./axes.js";
import type { AxisValue } from "./axis-values.js";
import type { GridCell, GridState, Position } from "./cell.js";
import type { Grid } from "./grid.js";

/** Signs of states: shown instead of a value, or after one that is not final. */
const SIGNS: Record<GridState, string> = {
  finished: "",
  running: "▸",
  failed: "×",
  stopped: "■",
  planned: "·",
  diverged: "!",
  left_out: "–",
};
const MEANINGS: Record<Exclude<GridState, "finished">, string> = {
  running: "running, newest score",
  failed: "failed",
  stopped: "stopped: newest score, the same command finishes it",
  planned: "not trained yet",
  diverged: "diverged",
  left_out: "not in the sweep",
};
const BEST = "*";
const NEAR = "~";
const SAME = "=";

/** The most footnotes of one kind that are shown; JSON has all. */
const MOST_NOTES = 6;

export const signOf = (cell: GridCell): string => SIGNS[cell.state];

/** The signs after a value. */
export const marksOf = (cell: GridCell): string =>
  `${cell.best ? BEST : ""}${cell.separable === false ? NEAR : ""}${cell.coincides ? SAME : ""}${cell.mean === null ? "" : signOf(cell)}`;

/** The signs that occur, with their meaning: those after a score, or after another number of its cell. */
export function legendOf({ cells, seeds }: Grid, ofScores = true): [sign: string, meaning: string][] {
  const list: [string, string][] = [];
  if (cells.some((cell) => cell.best)) list.push([BEST, ofScores ? "best" : "best score"]);
  if (cells.some((cell) => cell.separable === false))
    list.push([NEAR, `${ofScores ? "" : "score "}not separable from the best`]);
  if (cells.some((cell) => cell.coincides)) list.push([SAME, "coincides with another cell"]);
  for (const state of Object.keys(MEANINGS) as (keyof typeof MEANINGS)[]) {
    if (cells.some((cell) => cell.state === state)) list.push([SIGNS[state], MEANINGS[state]]);
  }
  if (seeds > 1 && ofScores) list.push(["±", "standard deviation / number of seeds"]);
  return list;
}

export const axisTitle = ({ name, symbol }: GridAxis): string => oneLine(symbol ? `${name} ${symbol}` : name);

const valueText = ({ values, texts }: GridAxis, value: AxisValue): string => texts[values.indexOf(value)] ?? "";

/** `M 1, I 4`. */
export function placeText({ rows, cols }: Grid, { row, col }: Position): string {
  return `${rows.symbol ?? rows.name} ${valueText(rows, row)}, ${cols.symbol ?? cols.name} ${valueText(cols, col)}`;
}

/** Fractions are shown times 100. */
export function scoreText({ score }: Grid, value: number, digits = 2): string {
  return score.fraction ? (value * 100).toFixed(digits) : formatValue(value);
}

/** A deviation has fewer digits than its score. */
export function spreadText({ score }: Grid, value: number, digits = 2): string {
  return score.fraction ? (value * 100).toFixed(digits) : formatValue(Number(value.toPrecision(2)));
}

const WHICH = { best: "after the best epoch", last: "after the last epoch", fixed: "after the spec's epoch" };

/** `mean of 3 seeds`; `mean of up to 3 seeds` where one of `counts`, the numbers of seeds in cells, is lower. */
export const meanText = (seeds: number, counts: readonly number[]): string =>
  `mean of ${counts.some((n) => n < seeds) ? "up to " : ""}${seeds} seeds`;

/** `accuracy x 100 after the best epoch, mean of 3 seeds`. */
export function measureText(grid: Grid): string {
  const { score, seeds, cells } = grid;
  const which = typeof score.which === "number" ? `after epoch ${score.which}` : WHICH[score.which];
  const counts = cells.filter(({ mean }) => mean !== null).map(({ n }) => n);
  const of = seeds > 1 ? `, ${meanText(seeds, counts)}` : ", one seed";
  return `${oneLine(score.name)}${score.fraction ? " × 100" : ""} ${which}${of}`;
}

/** The task, model and method of a grid, and its filters. */
export const subjectText = ({ task, model, method, where }: Grid): string =>
  oneLine([task, model, method, ...where].join(", "));

export const nameOf = ({ experiment }: Grid): string => oneLine(experiment.name);

/** Lines under a grid: what is best, which cells are one training, what went wrong. */
export function footnotes(grid: Grid): string[] {
  return [
    ...bestLine(grid),
    ...separationLine(grid),
    ...coincidences(grid),
    ...some(reasons(grid, "failed")),
    ...some(reasons(grid, "diverged")),
    ...some(reasons(grid, "left_out")),
    ...some(grid.beside.map((runs) => `beside the grid: ${runs.label} ${besideText(grid, runs)}`)),
    ...grid.notes.map((note) => `note: ${note}`),
  ].map(oneLine);
}

function bestLine(grid: Grid): string[] {
  const best = grid.cells.filter((cell) => cell.best);
  const scored = grid.cells.filter((cell) => cell.mean !== null);
  const majority =
    grid.majority === null ? "" : ` (${constantAnswer(grid.score.name)} ${scoreText(grid, grid.majority)})`;
  if (best.length > 0) {
    const place = `best: ${scoreText(grid, best[0]?.mean ?? 0)} at ${placesText(grid, best)}${majority}`;
    return [`${place}${choiceText(grid)}`];
  }
  if (scored.length < 2) return [];
  const [low, high] = extent(scored.map(({ mean }) => mean ?? 0));
  if (high - low < 1e-12) return [`all ${scored.length} scores are equal${majority}`];
  // Only cells with the most seeds compete, and those have nothing better among them.
  const most = Math.max(...scored.map(({ n }) => n));
  const able = scored.filter(({ n }) => n === most);
  const why = able.length === 1 ? "only it has so many" : "their scores are equal";
  return [`no best yet: it is among cells with ${plural(most, "seed")}, ${placesText(grid, able)}; ${why}${majority}`];
}

const CHOSEN = {
  holdout: "chosen on the held-out part of train",
  "leave-one-seed-out": "chosen on the other seeds, one left out in turn",
  bootstrap: "chosen on samples of the rows, scored on the others",
};

/** What the best score is without the luck of the choice. */
function choiceText({ choice, ...grid }: Grid): string {
  if (!choice || choice.cells + choice.leftOut < 2) return "";
  const { cells, by, honest, error, reason } = choice;
  if (by === null || honest === null) return `; corrected for the choice among ${cells}: not known (${reason})`;
  const text = scoreText({ ...grid, choice }, honest);
  const value = supported(text, error !== null && grid.score.fraction ? 100 * error : error);
  return `; corrected for the choice among ${cells}: ${value} (${CHOSEN[by]})`;
}

/** By which test cells were told from the best, and whether it could tell any. */
function separationLine({ separation, cells }: Grid): string[] {
  if (!separation) return [];
  const { by, compared, alpha, pairs, smallest, needed, resamples, reason } = separation;
  if (by === null) return [`which cells differ from the best is not known: ${reason}`];
  const near = cells.filter(({ separable }) => separable === false).length;
  const level = `${formatValue(100 * alpha)} %, Holm's correction for ${compared}`;
  const how =
    by === "seeds"
      ? `exact sign-flip test over ${plural(pairs ?? 0, "common seed")}, ${level}`
      : `paired bootstrap over the evaluation rows of one seed, ${resamples?.toLocaleString("en-US")} samples, ${level}`;
  const line = `${NEAR} ${near === 0 ? "no cell is" : `${plural(near, "cell")} ${near === 1 ? "is" : "are"}`} not separable from the best: ${how}`;
  if (by !== "seeds" || (pairs ?? 0) >= (needed ?? 0)) return [line];
  return [
    `${line}; ${plural(pairs ?? 0, "pair")} reach p = ${formatValue(smallest ?? 1)} at best: to tell one apart takes ${needed} seeds or more`,
  ];
}

/** A score, its spread and number; what happened where there is none. */
export function besideText(grid: Grid, { n, of, mean, deviation, state }: Grid["beside"][number]): string {
  if (mean === null) return `${(state ?? "without a score").replaceAll("_", " ")}${of > 1 ? ` (${of} seeds)` : ""}`;
  const spread = deviation === null ? "" : ` ±${spreadText(grid, deviation)}`;
  return `${scoreText(grid, mean)}${spread}${of > 1 ? ` (${n === of ? n : `${n} of ${of}`} seeds)` : ""}`;
}

/** Lists coinciding cells, equal scores first. Cells trained apart on a device that is not exact may differ. */
function coincidences(grid: Grid): string[] {
  const kinds: [meaning: string, equal: boolean][] = [
    ["one training, with the same changes at the same epochs", true],
    ["the same changes at the same epochs, but other scores: trained apart on a device that is not exact", false],
  ];
  return kinds.flatMap(([meaning, equal]) => {
    const groups = new Map<string, GridCell[]>();
    for (const cell of grid.cells) {
      if (!cell.coincides || (cell.mean === meanAt(grid, cell.coincides)) !== equal) continue;
      const first = JSON.stringify([cell.coincides.row, cell.coincides.col]);
      groups.set(first, [...(groups.get(first) ?? []), cell]);
    }
    const pairs = [...groups.values()].flatMap((cells) => {
      const [first] = cells;
      return first?.coincides ? [`${placesText(grid, cells)} as ${placeText(grid, first.coincides)}`] : [];
    });
    return pairs.length === 0 ? [] : [`${SAME} ${meaning}: ${some(pairs).join("; ")}`];
  });
}

const meanAt = ({ cells }: Grid, at: Position | null) =>
  cells.find((cell) => cell.row === at?.row && cell.col === at.col)?.mean;

/** Cells of a state by their reason. The legend explains those without one. */
function reasons(grid: Grid, state: GridState): string[] {
  const groups = new Map<string, GridCell[]>();
  for (const cell of grid.cells) {
    if (cell.state === state && cell.reason) groups.set(cell.reason, [...(groups.get(cell.reason) ?? []), cell]);
  }
  return [...groups].map(([reason, cells]) => `${SIGNS[state]} ${placesText(grid, cells)}: ${reason}`);
}

function placesText(grid: Grid, cells: readonly Position[]): string {
  const texts = cells.map((cell) => placeText(grid, cell));
  const shown = texts.length > 4 ? [...texts.slice(0, 3), `${texts.length - 3} more`] : texts;
  return shown.length === 1 ? (shown[0] ?? "") : `${shown.slice(0, -1).join("; ")} and ${shown.at(-1)}`;
}

const some = (lines: string[]): string[] =>
  lines.length > MOST_NOTES ? [...lines.slice(0, MOST_NOTES - 1), `and ${lines.length - MOST_NOTES + 1} more`] : lines;
