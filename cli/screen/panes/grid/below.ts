/** What stands below the grid: the cell under the cursor, the signs, what is beside the grid, and what the numbers say. */
import { constantAnswer } from "../../../store/score-direction.js";
import { formatScore, formatValue } from "../../../views/format.js";
import type { BesideRuns } from "../../../views/grid/beside.js";
import type { GridCell } from "../../../views/grid/cell.js";
import type { Grid } from "../../../views/grid/grid.js";
import { hoverText } from "../../../views/grid/hover.js";
import type { GridMap } from "../../../views/grid/map.js";
import { besideText, footnotes, legendOf, placeText, scoreText } from "../../../views/grid/marks.js";
import { scaleOf } from "../../../views/grid/scale.js";
import { WITHOUT_ITEMS } from "../../../views/grid/separate.js";
import { prose } from "../../../views/parts/prose.js";
import { oneLine } from "../../../views/parts/visible.js";
import type { ScreenRun } from "../../data.js";
import { leftText, stateWord } from "../../header.js";
import type { Line, Span } from "../../line.js";
import { wrapSpans } from "../wrap-spans.js";
import { isNotAbove, NOT_ABOVE, shownSign } from "./cell-text.js";
import { runsOf } from "./cursor.js";

const GAP = "   ";
/** Steps of the colour scale. */
const SCALE = 8;
const BESIDE = "beside the grid: ";

/** All that is known of a cell, then of the run of it that is selected, or in training. */
export function knownOf(grid: Grid, runs: readonly ScreenRun[], cell: GridCell, selected: string | null): string {
  const here = runsOf(runs, cell);
  const run = here.find(({ id }) => id === selected) ?? here.find(({ state }) => state === "running");
  const same = cell.coincides ? `, one training with ${placeText(grid, cell.coincides)}` : "";
  const low = isNotAbove(grid, cell) ? `, not above the ${constantAnswer(grid.score.name)}` : "";
  return oneLine(`${hoverText(grid, cell)}${low}${same}${run ? runText(cell, run) : ""}`);
}

/** `; seed 18 (2 of 3): epoch 14 of 30, loss 0.31, 4m left`. */
function runText(cell: GridCell, run: ScreenRun): string {
  const at = cell.runs.indexOf(run.id);
  const score = cell.scores.find((one) => one.run === run.id);
  const seed = score?.seed ?? run.settings.seed ?? null;
  const which = cell.of === 1 ? "" : `${seed === null ? "run" : `seed ${seed}`} (${at + 1} of ${cell.of}): `;
  const facts = factsOf(run);
  // The cell says the same of its only run, unless that is in training.
  if (which === "" && run.state !== "running") return run.collapsed ? ", gives all rows one label" : "";
  return `; ${which}${facts.join(", ")}`;
}

function factsOf(run: ScreenRun): string[] {
  const { state, phase, epoch, epochs, score, scoreName, bestEpoch, secondsLeft, reason, collapsed } = run;
  const running = state === "running";
  const left = leftText(secondsLeft);
  const facts = [
    running ? (phase === "load" ? "loading" : `epoch ${formatValue(Math.floor(epoch ?? 0))} of ${epochs}`) : null,
    running || state === "finished" ? null : stateWord(state),
    score === null ? null : `${scoreName ?? "score"} ${formatScore(score)}`,
    !running && score !== null && bestEpoch !== null ? `best epoch ${formatValue(bestEpoch)}` : null,
    running && left !== "" ? `about ${left}` : null,
    collapsed ? "gives all rows one label" : null,
    reason,
  ];
  return facts.filter((fact) => fact !== null);
}

/** Only the signs that occur. */
export function legendLines(grid: Grid, map: GridMap, colour: boolean, columns: number): Line[] {
  const isScore = map.name === "score";
  const signs = legendOf(grid, isScore).map(([sign, meaning]): Line => [{ text: `${shownSign(sign)} ${meaning}` }]);
  const low: Line[] = grid.cells.some((cell) => isNotAbove(grid, cell))
    ? [[{ text: `${NOT_ABOVE} not above the ${constantAnswer(grid.score.name)}` }]]
    : [];
  return wrapSpans([...scaleEntry(grid, map, colour), ...signs, ...low], GAP, columns).map(dim);
}

function scaleEntry(grid: Grid, map: GridMap, colour: boolean): Line[] {
  const scale = scaleOf(grid, map);
  if (!scale || scale.worst === scale.best) return [];
  const [worst, best] = [map.text(scale.worst), map.text(scale.best)];
  const meaning = map.ends === null ? "" : `: ${map.ends}`;
  if (!colour) return [[{ text: `from ${worst} to ${best}${meaning}` }]];
  const steps = Array.from({ length: SCALE }, (_, i): Span => ({ text: " ", scale: i / (SCALE - 1) }));
  return [[{ text: `${worst} ` }, ...steps, { text: ` ${best}${meaning}` }]];
}

/** Baselines and the like, and the score of always giving one answer. The one of the selected run is in brackets. */
export function besideLines(grid: Grid, selected: string | null, show: GridMap["name"], columns: number): Line[] {
  const majority =
    grid.majority === null ? [] : [`${constantAnswer(grid.score.name)} ${scoreText(grid, grid.majority)}`];
  const entries: Line[] = [
    ...grid.beside.map((runs) => besideEntry(grid, runs, selected)),
    ...majority.map((text): Line => [{ text: oneLine(text) }]),
  ];
  const [first, ...others] = entries;
  const named: Line[] =
    first && grid.beside.length > 0 ? [[{ text: BESIDE, role: "dim" }, ...first]] : first ? [first] : [];
  const lines = wrapSpans([...named, ...others], GAP, columns);
  const hint: Line = [{ text: show === "score" ? "p: parameters" : "p: scores", role: "dim" }];
  const hinted = wrapSpans([...named, ...others, hint], GAP, columns);
  return hinted.length > Math.max(1, lines.length) ? lines : hinted;
}

function besideEntry(grid: Grid, runs: BesideRuns, selected: string | null): Line {
  const text = oneLine(`${runs.label} ${besideText(grid, runs)}`);
  const isSelected = selected !== null && runs.runs.includes(selected);
  return isSelected ? [{ text: `[${text}]`, role: "selected", bold: true }] : [{ text }];
}

/** The footnotes of `lor2c heatmap` that are not said elsewhere in the pane, each as its lines. */
export function noteLines(grid: Grid, columns: number): Line[][] {
  const known = isUntested(grid) ? { ...grid, separation: null, choice: null } : grid;
  const tested = isUntested(grid) ? [`lor2c heatmap ${grid.experiment.id} tests which cells differ from the best`] : [];
  return [...footnotes(known).filter((note) => !note.startsWith(BESIDE)), ...tested].map((note) =>
    prose(note.replace(/^[*~](?= )/, shownSign), columns).map((text) => [{ text, role: "dim" }]),
  );
}

/** A screen does not read the predictions of runs, which takes long; without them one seed tells nothing. */
const isUntested = ({ separation }: Grid): boolean => separation?.by === null && separation.reason === WITHOUT_ITEMS;

const dim = (line: Line): Line => line.map((span) => (span.scale === undefined ? { ...span, role: "dim" } : span));
