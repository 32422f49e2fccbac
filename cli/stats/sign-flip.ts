/** The exact test of paired differences: over common seeds, or anything else that comes in pairs. Pure. */
import { uniforms } from "./random.js";

/** Up to so many pairs every assignment of signs is counted. */
const MOST_EXACT = 32;
const DRAWS = 100_000;

export interface SignFlip {
  /** Two-sided: how often random signs give a mean at least as far from zero as the one that was seen. */
  p: number;
  /** Pairs. */
  n: number;
  /** The smallest p that this many pairs can give: 2 / 2^n, so 0.0625 for five. */
  smallest: number;
  /** Standard error of p where signs were drawn; null where all were counted. */
  error: number | null;
}

/**
 * Sign-flip test (Fisher's randomisation test for pairs): if neither of two things is better, every difference could as
 * well have the other sign. It assumes no distribution. A p that is not exact has the draws' standard error beside it;
 * the same data give the same p. Null without pairs.
 */
export function signFlip(differences: readonly number[]): SignFlip | null {
  const n = differences.length;
  if (n === 0) return null;
  if (!differences.every(Number.isFinite)) throw new RangeError("a test needs finite differences");
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  const size = differences.reduce((sum, value) => sum + Math.abs(value), 0);
  // Sums in another order differ in their last digits; scipy's permutation_test counts such sums as equal as well.
  const least = observed - 1e-12 * size;
  if (n > MOST_EXACT) return drawn(differences, least);
  // An assignment and its opposite are equally far.
  const p = Math.min(1, counted(differences, least) / 2 ** (n - 1));
  return { p, n, smallest: smallestP(n), error: null };
}

/** What an exact two-sided sign-flip test of `pairs` pairs gives when all differences have one sign. */
export const smallestP = (pairs: number): number => Math.min(1, 2 / 2 ** pairs);

/** How many of the 2^n assignments give a sum of at least `least`: from the sorted sums of either half. */
function counted(differences: readonly number[], least: number): number {
  const middle = differences.length >> 1;
  const [left, right] = [sumsOf(differences.slice(0, middle)), sumsOf(differences.slice(middle))];
  let [count, reach] = [0, right.length];
  for (const sum of left) {
    while (reach > 0 && sum + (right[reach - 1] ?? 0) >= least) reach--;
    count += right.length - reach;
  }
  return count;
}

/** The sums under all assignments of signs, sorted. */
function sumsOf(differences: readonly number[]): Float64Array {
  let sums = Float64Array.of(0);
  for (const value of differences) {
    const wider = new Float64Array(2 * sums.length);
    wider.set(sums.map((sum) => sum + value));
    wider.set(
      sums.map((sum) => sum - value),
      sums.length,
    );
    sums = wider;
  }
  return sums.sort();
}

/** The data themselves are one of the assignments, so that p is never 0. */
function drawn(differences: readonly number[], least: number): SignFlip {
  const n = differences.length;
  const next = uniforms(n);
  let far = 1;
  for (let draw = 1; draw < DRAWS; draw++) {
    let sum = 0;
    for (const value of differences) sum += next() < 0.5 ? value : -value;
    if (Math.abs(sum) >= least) far++;
  }
  const p = far / DRAWS;
  return { p, n, smallest: 1 / DRAWS, error: Math.sqrt((p * (1 - p)) / DRAWS) };
}
