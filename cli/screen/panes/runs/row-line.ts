/** One row of the runs pane as a line. Pure. */
import { isNoBetter } from "../../../store/score-direction.js";
import { formatCount, formatEpoch, formatScore, formatSeconds, formatValue, plural } from "../../../views/format.js";
import { clip, fitTo } from "../../../views/parts/fit.js";
import { sparkline } from "../../../views/parts/sparkline.js";
import { textWidth } from "../../../views/parts/text-width.js";
import { oneLine } from "../../../views/parts/visible.js";
import type { RunColumn, ScreenRun } from "../../data.js";
import { leftText, stateWord } from "../../header.js";
import { fitLine, type Line, type Role, type Span } from "../../line.js";
import type { Row } from "./rows.js";

/** Widths of the columns after the label; 0: left out. */
export interface Columns {
  label: number;
  epoch: number;
  score: number;
  loss: number;
  curve: number;
  time: number;
  changes: number;
  /** Those that the user asked for. */
  added: readonly { column: RunColumn; width: number }[];
}

const MARK = 4;
const SHORTEST_LABEL = 16;
/** In the order in which they get room. */
const WIDTHS = [
  ["score", 9],
  ["epoch", 10],
  ["time", 11],
  ["changes", 8],
  ["loss", 8],
  ["curve", 14],
] as const;

/** Columns of score, epoch and time, with a blank before each. */
const FIRST = 33;

/** The label gets what it needs first, at least half of the room; the other columns follow as far as they fit. */
export function columnsFor(columns: number, longestLabel: number, added: readonly RunColumn[]): Columns {
  const asked: Columns["added"][number][] = [];
  const widths: Columns = { label: 0, epoch: 0, score: 0, loss: 0, curve: 0, time: 0, changes: 0, added: asked };
  const label = Math.min(longestLabel, Math.max(SHORTEST_LABEL, Math.floor(columns * 0.5), columns - MARK - FIRST));
  let room = columns - MARK - Math.max(label, SHORTEST_LABEL);
  const take = (width: number): number => {
    if (room < width + 1) return 0;
    room -= width + 1;
    return width;
  };
  const [[first, scoreWidth], ...others] = WIDTHS;
  widths[first] = take(scoreWidth);
  // What the user asked for comes before the rest.
  for (const column of added) {
    const width = take(Math.max(9, Math.min(16, textWidth(column.heading))));
    if (width > 0) asked.push({ column, width });
  }
  for (const [name, width] of others) widths[name] = take(width);
  widths.label = Math.max(0, Math.max(label, SHORTEST_LABEL) + Math.max(0, Math.min(room, longestLabel - label)));
  return widths;
}

/** What stands over the columns. */
export function headLine(widths: Columns, scoreName: string | null): Line {
  const head = (width: number, text: string) => (width === 0 ? "" : ` ${fitTo(text, width, "right")}`);
  const cells = [
    head(widths.score, scoreName ?? "score"),
    ...widths.added.map(({ column, width }) => head(width, oneLine(column.heading))),
    head(widths.epoch, "epoch"),
    head(widths.time, "time"),
    head(widths.changes, "changes"),
    head(widths.loss, "loss"),
  ];
  return [{ text: `   ${fitTo("label", widths.label)}${cells.join("")}`, role: "dim" }];
}

/** Signs of states, each with the word that says it in the line. */
const SIGNS: Record<ScreenRun["state"], { sign: string; role?: Role }> = {
  planned: { sign: "·", role: "dim" },
  running: { sign: "▸", role: "accent" },
  elsewhere: { sign: "»", role: "accent" },
  skipped: { sign: "-", role: "dim" },
  finished: { sign: "✓", role: "good" },
  failed: { sign: "×", role: "bad" },
  out_of_memory: { sign: "×", role: "bad" },
  lost: { sign: "×", role: "bad" },
  stopped: { sign: "■", role: "warn" },
};

export interface Marks {
  cursor: boolean;
  marked: boolean;
  pinned: boolean;
}

export function rowLine(row: Row, name: string, widths: Columns, columns: number, marks: Marks): Line {
  const line = row.kind === "group" ? groupLine(row, columns) : runLine(row, name, widths, columns, marks);
  return marks.cursor ? fitLine(line, columns).map((span) => ({ ...span, role: "selected" as const })) : line;
}

function groupLine({ name, runs, folded }: Extract<Row, { kind: "group" }>, columns: number): Line {
  const done = runs.filter(({ state }) => state === "finished").length;
  const text = `${folded ? "▸" : "▾"} ${oneLine(name)}  (${plural(runs.length, "run")}, ${done} finished)`;
  return [{ text: clip(text, columns), bold: true }];
}

function runLine(
  { run, depth }: Extract<Row, { kind: "run" }>,
  name: string,
  widths: Columns,
  columns: number,
  marks: Marks,
): Line {
  const { sign, role } = SIGNS[run.state];
  const mark = marks.marked ? "●" : marks.pinned ? "◆" : " ";
  const head: Span[] = [
    { text: mark, role: "accent" },
    { text: `${sign} `, role },
    { text: " ".repeat(depth) },
    { text: fitTo(name, widths.label - depth) },
  ];
  const left = columns - MARK - widths.label;
  if (run.reason !== null && run.state !== "running" && run.state !== "finished") {
    const [word, reason] = [stateWord(run.state), oneLine(run.reason)];
    return [...head, { text: ` ${clip(word === reason ? word : `${word}: ${reason}`, Math.max(0, left))}`, role }];
  }
  return [...head, ...cells(run, widths).flatMap((span): Span[] => [{ text: " " }, span])];
}

function cells(run: ScreenRun, widths: Columns): Span[] {
  const cell = (width: number, text: string, style: Omit<Span, "text"> = {}, align: "left" | "right" = "right") =>
    width === 0 ? [] : [{ text: fitTo(text, width, align), ...style }];
  return [
    ...cell(widths.score, scoreText(run), isWeak(run) ? { role: "warn" } : {}),
    ...widths.added.flatMap(({ column, width }) => cell(width, addedText(column.values.get(run.id) ?? null))),
    ...cell(widths.epoch, epochText(run)),
    ...cell(widths.time, timeText(run)),
    ...cell(widths.changes, changesText(run)),
    ...cell(widths.loss, lossText(run), run.losses.at(-1) === null ? { role: "bad" } : {}),
    ...cell(widths.curve, sparkline(run.losses, widths.curve), { role: "dim" }, "left"),
  ];
}

/** Whether a constant answer would have been as good. */
export function isWeak({ score, scoreName, majorityScore, collapsed }: ScreenRun): boolean {
  return collapsed || isNoBetter(scoreName, score, majorityScore);
}

function scoreText(run: ScreenRun): string {
  if (run.score === null) return run.state === "finished" ? "no score" : "";
  const mark = run.state === "finished" ? "" : "~";
  return `${isWeak(run) ? "!" : ""}${mark}${formatScore(run.score)}`;
}

function addedText(value: string | number | boolean | null): string {
  if (value === null) return "";
  if (typeof value !== "number") return oneLine(String(value));
  return Number.isInteger(value) ? formatCount(value) : formatValue(value);
}

function epochText(run: ScreenRun): string {
  if (run.state === "finished") return run.bestEpoch === null ? "" : `best e${formatEpoch(run.bestEpoch)}`;
  if (run.state === "planned" || run.state === "skipped") return stateWord(run.state);
  if (run.phase === "load") return "loading";
  if (run.phase === "save") return "saving";
  if (run.epoch === null) return stateWord(run.state);
  return `${run.phase === "evaluate" ? "eval " : ""}e${Math.floor(run.epoch * 10) / 10}/${run.epochs}`;
}

function timeText({ state, seconds, secondsLeft }: ScreenRun): string {
  if (state === "running" || state === "elsewhere") return leftText(secondsLeft);
  return seconds === null ? "" : formatSeconds(seconds);
}

function changesText({ merges, injections }: ScreenRun): string {
  const parts = [merges > 0 ? `m${merges}` : "", injections > 0 ? `i${injections}` : ""];
  return parts.filter(Boolean).join(" ");
}

function lossText({ loss, losses }: ScreenRun): string {
  if (losses.at(-1) === null) return "not fin.";
  return loss === null ? "" : formatValue(loss);
}
