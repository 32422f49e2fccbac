/** How many seeds would settle a comparison. Pure. */

import { deviation, mean } from "./mean.js";
import { LEVEL, tQuantile } from "./mean-interval.js";

/** The chance that so many seeds settle it, if the differences go on as they were. */
const POWER = 0.8;
/** More seeds than that are not worth counting. */
const MOST = 10_000;

export interface Settling {
  /** Seeds until the interval of the mean difference excludes zero; null beyond 10,000, or if the mean is zero. */
  apart: number | null;
  /**
   * Seeds until it is shown to lie within the margin, by two one-sided tests; null without a margin, if the mean is not
   * inside, or beyond 10,000.
   */
  within: number | null;
  level: number;
  power: number;
}

/**
 * From the mean and the standard deviation of the differences at common seeds: the smallest n with
 * `mean * sqrt(n) / sd >= t(1 - alpha / 2; n - 1) + t(power; n - 1)`, which counts n on both sides and is therefore
 * tried from the normal distribution's n upwards (J. Cohen, Statistical Power Analysis, 1988, chapter 2; within one seed
 * of the exact power by the noncentral t distribution). For the margin: the distance to it, alpha on one side, and half
 * of what is missing from the power on either side. Null under two pairs, which have no deviation.
 */
export function seedsToSettle(
  differences: readonly number[],
  { level = LEVEL, power = POWER, margin }: { level?: number; power?: number; margin?: number | undefined } = {},
): Settling | null {
  const sd = deviation(differences);
  if (sd === null) return null;
  const off = Math.abs(mean(differences));
  return {
    apart: seedsFor(off / sd, (1 + level) / 2, power),
    within: margin === undefined ? null : seedsFor((margin - off) / sd, level, (1 + power) / 2),
    level,
    power,
  };
}

/** `effect`: a distance in standard deviations. */
function seedsFor(effect: number, level: number, power: number): number | null {
  if (!(effect > 1e-9)) return null;
  const enough = (n: number, df: number) => effect * Math.sqrt(n) >= tQuantile(level, df) + tQuantile(power, df);
  const normal = (tQuantile(level, 1e6) + tQuantile(power, 1e6)) / effect;
  for (let n = Math.max(2, Math.floor(normal ** 2)); n <= MOST; n++) if (enough(n, n - 1)) return n;
  return null;
}
