import type { SubjectResult } from "../evaluate/report.js";
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
