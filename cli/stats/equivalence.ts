/** Whether two things are the same within a margin. Pure. */

import { deviation, mean } from "./mean.js";
import { tProbability } from "./mean-interval.js";

/** One point of a score that is a fraction. */
export const MARGIN = 0.01;

export interface Equivalence {
  /** The larger p of the two tests; at most 1 - level: the same within the margin. */
  p: number;
  n: number;
  margin: number;
  equivalent: boolean;
}

/**
 * TOST on paired differences: two one-sided t tests, against a mean of at most `-margin` and one of at least `margin`
 * (D. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). A difference that is not significant says
 * nothing about being equal; this does. Null under two pairs, which have no deviation. Throws RangeError for a margin
 * that is not above zero.
 */
export function equivalence(
  differences: readonly number[],
  { margin = MARGIN, level = 0.95 }: { margin?: number; level?: number } = {},
): Equivalence | null {
  if (!(margin > 0)) throw new RangeError(`the margin ${margin} is not above 0`);
  if (!differences.every(Number.isFinite)) throw new RangeError("a test needs finite differences");
  const n = differences.length;
  const sd = deviation(differences);
  if (sd === null) return null;
  const [middle, error] = [mean(differences), sd / Math.sqrt(n)];
  const inside = margin - Math.abs(middle);
  // Equal differences leave no doubt, on either side of the margin.
  const p = error === 0 ? (inside > 0 ? 0 : inside < 0 ? 1 : 0.5) : tProbability(-inside / error, n - 1);
  return { p, n, margin, equivalent: p <= 1 - level + 1e-12 };
}
