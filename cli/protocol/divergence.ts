/**
 * The error type of a run that ended because its loss or gradient norm was no longer a finite number
 * (`train.stop_after_nonfinite`). Nothing is wrong with its worker, which goes on with its other runs.
 */
export const DIVERGED = "Diverged";

/** `diverged at step 12`, with the step that the message names; null for other errors. */
export function divergence(errorType: string | null, message: string | null): string | null {
  if (errorType !== DIVERGED) return null;
  const [, step] = /\bstep (\d+)/.exec(message ?? "") ?? [];
  return step === undefined ? "diverged" : `diverged at step ${Number(step).toLocaleString("en")}`;
}

/** An error in one line: `diverged at step 12: ...`, else its type and message. */
export const errorText = (errorType: string, message: string): string =>
  `${divergence(errorType, message) ?? errorType}: ${message}`;
