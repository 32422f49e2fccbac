import type { EvaluationEvent, PlannedBenchmark } from "../evaluate/report.js";
import type { Subject } from "../evaluate/subject.js";
import { formatCount, formatScore, formatSeconds, plural, shortId } from "./format.js";
import { clip } from "./parts/fit.js";
import { oneLine } from "./parts/visible.js";

/** Milliseconds between two lines about the progress of a benchmark, where lines stay. */
const EVERY = 30_000;
const LONGEST_LABEL = 40;

/** What stays of an evaluation in a log: its beginning, progress from time to time, results. */
export function evaluationLog(write: (line: string) => void, now: () => number = Date.now) {
  let last = now();
  return (event: EvaluationEvent): void => {
    if (event.kind === "progress") {
      if (now() - last < EVERY) return;
      last = now();
    }
    for (const line of evaluationLines(event)) write(line);
  };
}

/** An event as lines. */
export function evaluationLines(event: EvaluationEvent): string[] {
  const name = nameOf(event.subject);
  if (event.kind === "begins") {
    return [`${name}: evaluates ${event.benchmarks.map(plannedText).join("; ")} (${event.protocol})`];
  }
  return [`${name}: ${event.kind === "progress" ? progressText(event) : resultText(event)}`];
}

/** One line for a terminal that redraws it. */
export const evaluationStatus = (event: Extract<EvaluationEvent, { kind: "progress" }>): string =>
  `${nameOf(event.subject)}: ${progressText(event)}`;

/** Why one subject of several has no scores. */
export const refusedLine = (subject: Subject, why: string): string => `${nameOf(subject)}: cannot be evaluated: ${why}`;

const nameOf = ({ run, label }: Subject): string => {
  const text = clip(oneLine(label), LONGEST_LABEL);
  return run === null ? text : `${shortId(run)}  ${text}`;
};

function plannedText({ benchmark, rows, all_rows, shots }: PlannedBenchmark): string {
  const of = rows === all_rows ? "" : ` of ${formatCount(all_rows)}`;
  return `${benchmark} ${formatCount(rows)}${of} rows, ${plural(shots, "shot")}`;
}

function progressText({ benchmark, rows, total, secondsLeft }: Extract<EvaluationEvent, { kind: "progress" }>): string {
  const left = secondsLeft === null ? "" : `, about ${formatSeconds(secondsLeft)} left`;
  return `${benchmark}: ${formatCount(rows)} of ${formatCount(total)} rows${left}`;
}

function resultText({ result, protocol }: Extract<EvaluationEvent, { kind: "result" }>): string {
  const { benchmark, state, row, message } = result;
  if (!row) {
    const why = message === null ? "" : `: ${message}`;
    return `${benchmark}: ${state === "busy" ? "not evaluated" : state}${why}`;
  }
  const error = row.standard_error === null ? "" : ` ± ${formatScore(row.standard_error)}`;
  const how = state === "stored" ? "stored already" : formatSeconds(row.seconds);
  return `${benchmark}: ${formatScore(row.score)}${error} (${plural(row.rows, "row")}, ${protocol}, ${how})`;
}
