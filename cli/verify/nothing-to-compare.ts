import { UsageError } from "../errors.js";

/** Two trainings without a value in common are neither the same nor different. */
export const nothingToCompare = (run: string, label: string, why: string): UsageError =>
  new UsageError("CANNOT_COMPARE", `run ${run} (${label}) cannot be compared: ${why}`);
