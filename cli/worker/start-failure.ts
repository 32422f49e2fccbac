import { WorkerError } from "../errors.js";
import type { WorkerEnd } from "./worker-end.js";

/** Why a worker never became ready, with the last lines of its stderr. */
export function startFailure(end: WorkerEnd, logFile: string, timeoutSeconds?: number): WorkerError {
  const cause = end.protocolError;
  const what =
    timeoutSeconds !== undefined
      ? `the worker did not become ready within ${timeoutSeconds} seconds`
      : (cause?.message ?? `the worker ended before it was ready (${describeExit(end)})`);
  const code = timeoutSeconds !== undefined ? "WORKER_START_TIMEOUT" : (cause?.code ?? "WORKER_START_FAILED");
  const hint = cause?.hint ?? `Its output is in ${logFile}. \`lor2c doctor\` checks the worker's environment.`;
  return new WorkerError(code, [what, ...showTail(end.stderrTail)].join("\n"), hint, 1, { cause });
}

export const describeExit = (end: Pick<WorkerEnd, "exitCode" | "signal">): string =>
  end.signal ? `signal ${end.signal}` : `exit code ${end.exitCode}`;

const showTail = (lines: string[]): string[] =>
  lines.length > 0 ? [`last lines of its stderr:`, ...lines.map((line) => `  ${line}`)] : [];
