import stringWidth from "string-width";
import type { Lane, LaneFacts } from "../job/lane.js";
import type { RunState } from "../job/run-state.js";
import { constantAnswer } from "../store/score-direction.js";
import { headerOf } from "./dashboard-header.js";
import type { DashboardLine, DashboardState, EndedRuns } from "./dashboard-state.js";
import { formatCount, formatScore, formatSeconds, formatValue } from "./format.js";
import type { Grid } from "./grid/grid.js";
import { gridLines, gridSize, legendLines } from "./grid/text.js";
import { bar } from "./parts/bar.js";
import { clip, fitTo } from "./parts/fit.js";
import { sparkline } from "./parts/sparkline.js";
import { oneLine, visible } from "./parts/visible.js";
import type { ColourDepth } from "./terminal.js";

export interface Line {
  text: string;
  color?: "green" | "red" | "yellow" | "cyan";
  dim?: boolean;
  bold?: boolean;
}

const PHASES = { load: "loading", train: "training", evaluate: "evaluating", save: "saving" };
/** Columns for ` 54%  11 min 43 s left` and a margin, fixed so that the bars do not move. */
const RIGHT = 24;
/** Lines of the header with the hint. */
const FRAME_LINES = 3;
/** Lines of one entry. */
const ENTRY_LINES = 2;
const SHORTEST_SPARKLINE = 6;
const SHORTEST_BAR = 10;
const LONGEST_LABEL = 48;

/** The lines that are redrawn: at most `rows - 1` (terminals flicker with more), each at most `columns` wide. */
export function liveLines(state: DashboardState, columns: number, rows: number, depth: ColourDepth = 1): Line[] {
  const running = entries(state);
  const heatmap = heatmapLines(state, columns, rows, depth);
  const room = rows - 1 - FRAME_LINES - heatmap.length;
  const whole = Math.floor(room / ENTRY_LINES);
  // One line is for the number of entries that do not fit.
  const shown = running.slice(0, Math.max(0, running.length <= whole ? whole : Math.floor((room - 1) / ENTRY_LINES)));
  const hidden = running.slice(shown.length).reduce((sum, { runs }) => sum + runs.length, 0);
  const above: Line[] = [
    ...header(state, columns),
    ...shown.flatMap((entry) => entryLines(entry, columns, labelWidth(shown, columns))),
    ...[...state.evaluating.values()].map((text): Line => ({ text, color: "cyan" })),
    ...(hidden > 0 ? [{ text: `  and ${formatCount(hidden)} more running`, dim: true }] : []),
  ];
  const hint: Line = { text: "Ctrl-C: stop after this step; twice: kill", dim: true };
  const clipped = (line: Line): Line => ({ ...line, text: clip(line.text, columns) });
  return [...above.map(clipped), ...heatmap, clipped(hint)].slice(0, Math.max(0, rows - 1));
}

interface Entry {
  label: string;
  facts: LaneFacts;
  secondsLeft: number | null;
  /** The runs of the lane that are in training. */
  runs: readonly string[];
}

/** Caches the labels of lanes of which some runs have ended, because making a label for each frame is slow. */
const rest = new WeakMap<Lane, { count: number; label: string }>();

/** One entry for the runs of a lane: their steps, losses and times are the same. */
function entries({ model }: DashboardState): Entry[] {
  return [...model.training()].map(([lane, runs]) => {
    const whole = runs.length === lane.runs.length;
    let label = whole ? { count: runs.length, label: lane.label } : rest.get(lane);
    if (label?.count !== runs.length) {
      label = { count: runs.length, label: model.labelOf(runs) };
      rest.set(lane, label);
    }
    return { label: label.label, facts: lane.facts, secondsLeft: model.secondsLeft(lane), runs };
  });
}

interface Drawing {
  columns: number;
  depth: ColourDepth;
  /** Empty if the grid would be wider than `columns`. */
  lines: Line[];
}

/** Caches the drawing of each grid, because a grid of thousands of runs takes longer to draw than all the rest. */
const drawings = new WeakMap<Grid, Drawing>();

/** The heatmap, if it is not too wide and leaves room for an entry; else nothing. */
function heatmapLines({ grid }: DashboardState, columns: number, rows: number, depth: ColourDepth): Line[] {
  if (!grid) return [];
  let drawing = drawings.get(grid);
  if (drawing?.columns !== columns || drawing.depth !== depth) {
    drawing = { columns, depth, lines: draw(grid, columns, depth) };
    drawings.set(grid, drawing);
  }
  return drawing.lines.length + FRAME_LINES + ENTRY_LINES + 1 < rows ? drawing.lines : [];
}

function draw(grid: Grid, columns: number, depth: ColourDepth): Line[] {
  if (gridSize(grid).columns > columns) return [];
  const options = { width: columns, depth };
  const parts = [gridLines(grid, options), legendLines(grid, options)].filter((part) => part.length > 0);
  const lines = [...parts.flatMap((part) => [" ", ...part]), " "]; // ink drops empty lines
  return lines.map((text) => ({ text: clip(text, columns) }));
}

/** A line that stays on the screen: runs that ended, or a message. */
export function staticLine(line: DashboardLine, columns: number): Line {
  if (line.kind === "ended") return endLine(line, columns);
  const text = visible(line.text);
  if (line.kind === "info") return { text };
  return { text: `${line.kind}: ${text}`, color: line.kind === "error" ? "red" : "yellow" };
}

function header(state: DashboardState, columns: number): Line[] {
  const { counts, finished, total, fraction, secondsLeft } = headerOf(state);
  const words = counts.map(({ state: name, count }) => `${formatCount(count)} ${stateWord(name)}`).join(", ");
  const time = !secondsLeft ? "" : `about ${formatSeconds(secondsLeft)} left`;
  const right = `${percent(fraction)}  ${finished} of ${total} runs  ${time}`;
  const width = Math.max(0, Math.min(40, columns - stringWidth(right) - 2));
  return [{ text: `${oneLine(state.name)}: ${words}`, bold: true }, { text: `${bar(fraction, width)}  ${right}` }];
}

/** As wide as the longest label, as long as that leaves room for a bar. Labels matter more than long bars. */
function labelWidth(shown: readonly Entry[], columns: number): number {
  const longest = Math.max(0, ...shown.map(({ label }) => stringWidth(label)));
  return Math.max(8, Math.min(longest, LONGEST_LABEL, columns - RIGHT - SHORTEST_BAR - 2));
}

function entryLines({ label: text, facts, secondsLeft }: Entry, columns: number, labelColumns: number): Line[] {
  const fraction = facts.totalSteps > 0 ? facts.step / facts.totalSteps : 0;
  const label = fitTo(oneLine(text), labelColumns);
  const left = secondsLeft === null ? "" : `${formatSeconds(secondsLeft)} left`;
  const right = fitTo(`${percent(fraction)}  ${left}`, RIGHT - 2);
  const width = Math.max(4, Math.min(40, columns - stringWidth(label) - RIGHT - 2));
  return [
    { text: `${label}  ${bar(fraction, width)}  ${right}`, color: "cyan" },
    { text: detail(facts, columns), color: facts.losses.values.at(-1) === null ? "red" : undefined },
  ];
}

/** Phase, loss over time, newest loss and score, speed. The last ones are left out where there is no room. */
function detail({ losses, score, scoreName, tokensPerSecond, phase }: LaneFacts, columns: number): string {
  const loss = losses.values.at(-1);
  const parts = [
    loss === undefined ? null : `loss ${loss === null ? "not finite" : formatValue(loss)}`,
    score === null ? null : `${scoreName} ${formatScore(score)}`,
    tokensPerSecond === null ? null : `${formatCount(tokensPerSecond)} tokens/s`,
  ].filter((part) => part !== null);
  for (;;) {
    const text = parts.map((part) => `  ${part}`).join("");
    const room = columns - 12 - 2 - stringWidth(text);
    if (room >= SHORTEST_SPARKLINE || parts.length === 0) {
      const line = `  ${PHASES[phase].padEnd(10)}  ${sparkline(losses.values, Math.min(40, room))}${text}`;
      return line.trimEnd();
    }
    parts.pop();
  }
}

function endLine({ state, label, facts, seconds, reason }: EndedRuns, columns: number): Line {
  const score = state === "finished" && facts && facts.score !== null ? facts : null;
  const majority =
    score?.majorityScore == null ? "" : ` (${constantAnswer(score.scoreName)} ${formatScore(score.majorityScore)})`;
  const parts = [
    state === "finished" ? "✓ finished" : `${state === "failed" ? "✗" : "■"} ${stateWord(state)}`,
    oneLine(label),
    score && `${score.scoreName} ${formatScore(score.score)}${majority}`,
    seconds === null ? null : formatSeconds(seconds),
    reason === undefined ? null : oneLine(reason),
  ];
  const text = clip(parts.filter((part) => part !== null).join("  "), columns);
  if (state === "finished") return { text, color: "green" };
  return { text, color: state === "stopped" || state === "skipped" ? "yellow" : "red" };
}

function percent(fraction: number): string {
  return `${Math.floor(fraction * 100)}%`.padStart(4);
}

function stateWord(state: RunState): string {
  if (state === "planned") return "waiting";
  if (state === "skipped") return "not started";
  return state === "elsewhere" ? "trained by another process" : state.replaceAll("_", " ");
}
