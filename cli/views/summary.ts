import type { CellSummary, JobSummary } from "../job/reporter.js";
import { withoutNumbers } from "../plan/warnings.js";
import { divergence, errorText } from "../protocol/divergence.js";
import { constantAnswer } from "../store/score-direction.js";
import { alertLines } from "./alert-lines.js";
import { benchmarkNotes } from "./evaluation-table.js";
import { formatCount, formatEpoch, formatScore, formatSeconds, plural, shortId } from "./format.js";
import { continuationLines } from "./next-start.js";
import { prose } from "./parts/prose.js";
import { LABEL, type TableColumn, tableLines } from "./parts/table.js";
import { oneLine } from "./parts/visible.js";
import { repeatLines } from "./repeats.js";

const MOST_LABELS = 8;

/** A closing block looks the same wherever it is shown, also in a log or a wide terminal. */
const WIDEST = 80;
const narrowed = (width: number | null): number => Math.min(width ?? WIDEST, WIDEST);

/**
 * The summary at the end of a job; the same text in the terminal, in plain output and in a log. No ANSI. `width`: of the
 * terminal; null: there is none. Tables of long labels or names are wider than 80 columns where the terminal is, or where
 * there is none, so that nothing is cut.
 */
export function renderSummary(summary: JobSummary, width: number | null): string {
  const narrow = narrowed(width);
  const say = (text: string) => prose(text, narrow);
  const lines = [...say(heading(summary)), "", ...table(summary.cells, width)];
  if (summary.evaluations.length > 0) lines.push("", ...evaluationLines(summary.evaluations, width));
  if (summary.repeats.length > 0) lines.push("", ...repeatLines(summary.repeats).flatMap(say));
  for (const { reason, labels } of summary.invalid)
    lines.push("", ...say(`left out, cannot run: ${reason}`), ...listed(labels).flatMap(say));
  const collapsed = summary.cells.filter((cell) => cell.collapsed);
  if (collapsed.length > 0) lines.push("", ...say(collapsedNote(collapsed)));
  const alerts = alertLines(summary.alerts);
  if (alerts.length > 0) lines.push("", ...alerts.flatMap(say));
  if (summary.notes.length > 0) lines.push("", ...summary.notes.flatMap((note) => say(`note: ${note}`)));
  for (const cells of failures(summary.cells)) lines.push("", ...failure(cells, narrow));
  lines.push("", `stored in ${summary.dbPath}`);
  if (summary.outcome === "interrupted") lines.push(...continuationLines(summary).flatMap(say));
  if (summary.evaluations.some(({ score: found }) => found === null)) {
    lines.push(...say("not everything was evaluated: the same command evaluates the rest"));
  }
  return lines.join("\n");
}

const SCORED: TableColumn[] = [
  { key: "run", title: "run" },
  { key: "label", title: "label", ...LABEL },
  { key: "benchmark", title: "benchmark" },
  { key: "score", title: "score", align: "right" },
  { key: "error", title: "± s.e.", align: "right" },
  { key: "rows", title: "rows", align: "right", keep: 2 },
  { key: "shots", title: "shots", align: "right", keep: 1 },
];

/** Scores of benchmarks, and why there are none. */
function evaluationLines(all: JobSummary["evaluations"], width: number | null): string[] {
  const rows = all.map(
    ({ run, benchmark, state, score: found, standardError, rows: scored, allRows, shots, label }) => [
      shortId(run),
      label,
      benchmark ?? "-",
      found === null ? state : formatScore(found),
      formatScore(standardError),
      scored === null ? "-" : `${formatCount(scored)}${scored === allRows ? "" : ` of ${formatCount(allRows)}`}`,
      formatCount(shots),
    ],
  );
  const how = [
    ...new Set(all.flatMap(({ protocol, decoding }) => (decoding ? `protocol ${protocol}, ${decoding}` : []))),
  ];
  const why = all.flatMap(({ run, benchmark, message }) =>
    message === null ? [] : [`${shortId(run)}  ${benchmark === null ? "" : `${benchmark}: `}${oneLine(message)}`],
  );
  const remarks = [...how, ...benchmarkNotes(all), ...why].flatMap((text) => prose(text, narrowed(width)));
  return [...tableLines(SCORED, rows, width), ...remarks];
}

/** Shows only some labels, because a long sweep can have many. */
function listed(labels: string[]): string[] {
  const more = labels.length - MOST_LABELS;
  return [...labels.slice(0, MOST_LABELS), ...(more > 0 ? [`and ${formatCount(more)} more`] : [])].map(
    (l) => `    ${l}`,
  );
}

function heading({ name, cells, invalid, outcome, seconds }: JobSummary): string {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cell.state, (counts.get(cell.state) ?? 0) + 1);
  const states = [...counts].map(([state, count]) => `${formatCount(count)} ${words(state)}`).join(", ");
  const interrupted = outcome === "interrupted" ? "interrupted; " : "";
  const left = invalid.reduce((sum, { labels }) => sum + labels.length, 0);
  const out = left === 0 ? "" : `, ${formatCount(left)} left out`;
  return `${name}: ${interrupted}${plural(cells.length, "run")}, ${states}${out}, in ${formatSeconds(seconds)}`;
}

/**
 * A row for each run. What is the same in all of them, the majority class and the parameters of the head, stands once
 * below, so that the table of most jobs is at most 80 columns wide.
 */
function table(cells: CellSummary[], width: number | null): string[] {
  const scores = new Set(cells.flatMap((cell) => cell.scoreName ?? []));
  const only = scores.size === 1 ? [...scores][0] : undefined;
  const epochs = new Set(cells.flatMap((cell) => cell.reportEpoch ?? []));
  const judged = cells.filter(({ state }) => state === "finished");
  const majority = shared(judged.map(({ majorityScore }) => majorityScore));
  const head = shared(cells.flatMap((cell) => (cell.trainableParameters === null ? [] : cell.headParameters)));
  const differ = judged.length > 0 && majority === undefined;
  const beside = differ ? ` (${constantAnswer(only ?? null)})` : "";
  const fixed: TableColumn = {
    key: "fixed",
    title: epochs.size === 1 ? `at epoch ${[...epochs][0]}` : "at fixed epoch",
    align: "right",
    keep: 6,
  };
  const heads: TableColumn[] = [
    { key: "run", title: "run" },
    { key: "label", title: "label", ...LABEL },
    { key: "method", title: "method", keep: 5 },
    { key: "score", title: `${only ?? "score"}${beside}`, align: "right" },
    { key: "epoch", title: "epoch", align: "right", keep: 4 },
    ...(epochs.size > 0 ? [fixed] : []),
    { key: "trainable", title: head === undefined ? "trainable (+ head)" : "trainable", align: "right", keep: 3 },
    { key: "took", title: "took", align: "right", keep: 2 },
  ];
  const rows = cells.map((cell) => [
    shortId(cell.id),
    cell.label,
    cell.method,
    score(cell, { named: only === undefined, beside: differ }),
    formatEpoch(cell.bestEpoch),
    ...(epochs.size > 0
      ? [formatScore(cell.fixedScore) + (epochs.size > 1 ? ` (${cell.reportEpoch ?? "-"})` : "")]
      : []),
    trainable(cell, head === undefined),
    formatSeconds(cell.seconds),
  ]);
  const below = [
    `${only ?? "score"} after the best epoch`,
    ...(majority == null ? [] : [`${constantAnswer(only ?? null)} ${formatScore(majority)}`]),
    ...(head ? [`trainable + ${formatCount(head)} head`] : []),
  ];
  return [...tableLines(heads, rows, width), ...(judged.length > 0 ? prose(below.join("; "), narrowed(width)) : [])];
}

/** The value of all; undefined if they differ, or if there is none. */
function shared<T>(values: readonly T[]): T | undefined {
  return new Set(values).size === 1 ? values[0] : undefined;
}

/** For a run without a score, its state. */
function score(cell: CellSummary, { named, beside }: { named: boolean; beside: boolean }): string {
  if (cell.state !== "finished") return divergenceOf(cell) ?? words(cell.state);
  const name = named && cell.scoreName ? `${cell.scoreName} ` : "";
  const majority = !beside || cell.majorityScore === null ? "" : ` (${formatScore(cell.majorityScore)})`;
  return `${cell.collapsed ? "collapsed " : ""}${name}${formatScore(cell.bestScore)}${majority}`;
}

function collapsedNote(cells: CellSummary[]): string {
  const to = ({ collapsedTo }: CellSummary) => (collapsedTo === null ? "" : `: ${oneLine(collapsedTo)}`);
  const which = cells.map((cell) => `${cell.label} (${shortId(cell.id)})${to(cell)}`).join(", ");
  return `collapsed: one and the same prediction for all evaluation rows: ${which}; \`lor2c show\` says what may help`;
}

function trainable({ trainableParameters, headParameters }: CellSummary, head: boolean): string {
  if (trainableParameters === null) return "-";
  return `${formatCount(trainableParameters)}${head ? ` (+ ${formatCount(headParameters)})` : ""}`;
}

/** Groups runs that failed alike, e.g. those of one worker. */
function failures(cells: CellSummary[]): CellSummary[][] {
  const groups = new Map<string, CellSummary[]>();
  for (const cell of cells) {
    if (!cell.error) continue;
    const key = JSON.stringify([cell.state, cell.error.type, withoutNumbers(cell.error.message)]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()];
}

/** What a process wrote, and the path of its log, stay whole: people copy them. */
function failure(cells: CellSummary[], width: number | null): string[] {
  const [cell] = cells;
  const error = cell?.error;
  if (!cell || !error) return [];
  const names = cells.slice(0, MOST_LABELS).map(({ label, id }) => `${label} (${shortId(id)})`);
  const more = cells.length > MOST_LABELS ? ` and ${formatCount(cells.length - MOST_LABELS)} more` : "";
  const message = error.message.split("\n");
  return [
    ...prose(`${words(cell.state)}: ${names.join(", ")}${more}`, width),
    ...prose(`    ${errorText(error.type, message[0] ?? "")}`, width),
    ...message.slice(1).flatMap((line) => prose(`    ${line}`, width)),
    ...error.stderrTail.map((line) => `    | ${line}`),
    `    log: ${error.logFile}`,
  ];
}

const divergenceOf = ({ error }: CellSummary) => error && divergence(error.type, error.message);

function words(state: string): string {
  return state === "elsewhere" ? "trained by another process" : state.replaceAll("_", " ");
}
