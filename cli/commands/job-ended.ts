/** What the command of `--notify` reads; docs/runs.md describes it. Fields are added, never renamed or removed. */
import { Lor2cError, messageOf } from "../errors.js";
import type { SubjectResult } from "../evaluate/report.js";
import { Interrupts } from "../job/interrupt.js";
import type { JobAlert, JobSummary } from "../job/reporter.js";
import { lowerIsBetter } from "../store/score-direction.js";
import { writeNote } from "../views/output.js";
import { notify } from "./notify.js";

interface JobEnded {
  kind: "training" | "evaluation";
  /** Name; null for an evaluation, and for a job that ended before it had one. */
  experiment: string | null;
  outcome: JobSummary["outcome"];
  exit_code: number;
  /** How many runs, or benchmarks of an evaluation, ended in which way. */
  runs: Record<string, number>;
  best: { run: string; label: string; score_name: string | null; score: number } | null;
  seconds: number;
  alerts: Pick<JobAlert, "runs" | "label" | "kind" | "level" | "message">[];
  database: string;
  /** What ended the job, if that was no run's failure. */
  error: string | null;
}

const counted = (words: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
};

export function trainingEnded(summary: JobSummary, exitCode: number): JobEnded {
  const { name, outcome, cells, sameRows, seconds, alerts, dbPath } = summary;
  return {
    kind: "training",
    experiment: name,
    outcome,
    exit_code: exitCode,
    runs: counted(cells.map(({ state }) => state)),
    best: sameRows ? bestOf(cells) : null,
    seconds,
    alerts: alerts.map(({ runs, label, kind, level, message }) => ({ runs, label, kind, level, message })),
    database: dbPath,
    error: null,
  };
}

/** Null where scores of different names are not compared. */
function bestOf(cells: JobSummary["cells"]): JobEnded["best"] {
  const scored = cells.filter(({ state, bestScore }) => state === "finished" && bestScore !== null);
  const names = new Set(scored.map(({ scoreName }) => scoreName));
  const [name] = names;
  if (names.size !== 1 || name === undefined) return null;
  const sign = name !== null && lowerIsBetter(name) ? -1 : 1;
  const [first] = scored.sort((a, b) => sign * ((b.bestScore ?? 0) - (a.bestScore ?? 0)));
  return first ? { run: first.id, label: first.label, score_name: name, score: first.bestScore ?? 0 } : null;
}

export function evaluationEnded(
  results: readonly SubjectResult[],
  exitCode: 0 | 1 | 130,
  { seconds, database }: Pick<JobEnded, "seconds" | "database">,
): JobEnded {
  const states = results.flatMap((one) => one.results.map(({ state }) => state));
  const outcome = exitCode === 0 ? "finished" : exitCode === 1 ? "failed" : "interrupted";
  const none = { experiment: null, best: null, alerts: [], error: null };
  return { kind: "evaluation", ...none, outcome, exit_code: exitCode, runs: counted(states), seconds, database };
}

interface Notice<T> {
  /** Null: nobody is told. */
  command: readonly string[] | null;
  kind: JobEnded["kind"];
  database: string;
  work: () => Promise<T>;
  /** What is told of its result; `seconds`: it took so long. */
  ended: (result: T, seconds: number) => JobEnded;
}

/** Does the work and starts the command, also when an error has ended it. Returns the work's result. */
export async function notifying<T>({ command, kind, database, work, ended }: Notice<T>): Promise<T> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let result: T;
  try {
    result = await work();
  } catch (error) {
    const exit_code = error instanceof Lor2cError ? error.exitCode : 1;
    // With 2 nothing had begun.
    if (exit_code !== 2) {
      const outcome = exit_code === 130 ? "interrupted" : "failed";
      const none = { experiment: null, runs: {}, best: null, alerts: [] };
      const message = messageOf(error);
      await tell(command, { kind, ...none, outcome, exit_code, seconds: seconds(), database, error: message });
    }
    throw error;
  }
  await tell(command, ended(result, seconds()));
  return result;
}

/** That the command fails is a note, and changes no exit code. */
async function tell(command: readonly string[] | null, ended: JobEnded): Promise<void> {
  if (command === null) return;
  const interrupts = new Interrupts();
  try {
    const problem = await notify(command, ended, { signal: interrupts.stop });
    if (problem !== null) writeNote(`note: the command of --notify ${problem}`);
  } finally {
    interrupts.dispose();
  }
}
