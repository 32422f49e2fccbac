import { UsageError } from "../errors.js";
import type { WhichEpoch } from "../store/read.js";

/** For commands that show one score of each run. */
export const SCORE_OPTION = {
  type: "string",
  default: "best",
  describe: "Which score: best (epoch), last, fixed (the spec's train.report_epoch), or an epoch's number",
} as const;

export function scoreChoice(text: string): WhichEpoch {
  if (text === "best" || text === "last" || text === "fixed") return text;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError("SCORE_INVALID", `--score ${text} is not a score`, "it is best, last, fixed or an epoch from 1");
}
