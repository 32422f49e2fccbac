/** Scores that are better when they are smaller; the worker's catalog lists the same. */
export const LOWER_IS_BETTER = ["mse", "mae", "loss", "perplexity"] as const;

const LOWER = new RegExp(`(^|_)(${LOWER_IS_BETTER.join("|")})(@|$)`);

/** Whether a smaller value of a score or metric of an evaluation is the better one: a loss or an error, in any form. */
export const lowerIsBetter = (name: string): boolean => LOWER.test(name);

/** The answer that is the same for all rows and that a score is compared with. */
export const constantAnswer = (scoreName: string | null): string =>
  scoreName !== null && lowerIsBetter(scoreName) ? "mean target" : "majority class";

/** Whether a score is no better than that of a constant answer; false where one of them is not known. */
export function isNoBetter(name: string | null, score: number | null, constant: number | null): boolean {
  if (score === null || constant === null) return false;
  return name !== null && lowerIsBetter(name) ? score >= constant : score <= constant;
}
