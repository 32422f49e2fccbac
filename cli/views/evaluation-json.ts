import type { EvaluationEvent, SubjectResult } from "../evaluate/report.js";
import type { EvaluationRow } from "../store/read.js";

/** What `lor2c eval --json` prints: one entry for each benchmark of each subject, with the database's names. */
export const evaluationJson = (results: readonly SubjectResult[]) =>
  results.flatMap(({ subject, protocol, results: all }) =>
    all.map(({ benchmark, state, row, message }) => ({
      run: subject.run,
      label: subject.label,
      model: subject.model,
      protocol,
      benchmark,
      state,
      message,
      evaluation: row && storedEvaluation(row),
    })),
  );

/** A stored evaluation, with what was asked for as an object. */
export const storedEvaluation = ({ settings, ...row }: EvaluationRow) => ({ ...row, settings: JSON.parse(settings) });

/** What is written of an event: the run instead of all that is known about it. */
export function evaluationEventJson({ subject, ...event }: EvaluationEvent): object {
  const { run } = subject;
  if (event.kind === "progress") {
    const { secondsLeft: seconds_left, ...rest } = event;
    return { run, ...rest, seconds_left };
  }
  if (event.kind === "begins") return { run, ...event };
  const { row, ...result } = event.result;
  return { run, kind: event.kind, protocol: event.protocol, ...result, evaluation: row && storedEvaluation(row) };
}
