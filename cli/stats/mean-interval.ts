/** Means over seeds, with intervals. Pure. */
import jstat from "jstat";
import { deviation, mean } from "./mean.js";

/** The level of every printed interval; the text names it. */
export const LEVEL = 0.95;

export interface MeanInterval {
  n: number;
  mean: number;
  /** Standard deviation of the sample (n - 1); null for one value. */
  sd: number | null;
  /** The lower end of the two-sided t-interval of the mean; null for one value. `high` is the upper end. */
  low: number | null;
  high: number | null;
}

/**
 * Student's t-interval of the mean. With few seeds the normal distribution's 1.96 would be far too narrow (it is 4.30
 * for three). Throws RangeError without values, or if one is not finite.
 */
export function meanInterval(values: readonly number[], level = LEVEL): MeanInterval {
  const n = values.length;
  const middle = mean(values);
  if (n === 0 || !values.every(Number.isFinite)) throw new RangeError("a mean needs finite values");
  const sd = deviation(values);
  if (sd === null) return { n, mean: middle, sd, low: null, high: null };
  const half = (tQuantile((1 + level) / 2, n - 1) * sd) / Math.sqrt(n);
  return { n, mean: middle, sd, low: middle - half, high: middle + half };
}

/** Quantile of Student's t distribution, to about eight digits. */
export function tQuantile(probability: number, degreesOfFreedom: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`probability ${probability} is not within 0 and 1`);
  if (!(degreesOfFreedom > 0)) throw new RangeError(`${degreesOfFreedom} degrees of freedom`);
  return jstat.jStat.studentt.inv(probability, degreesOfFreedom);
}

/** How likely a value of Student's t distribution is at most `t`, to about seven digits. */
export function tProbability(t: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0)) throw new RangeError(`${degreesOfFreedom} degrees of freedom`);
  return jstat.jStat.studentt.cdf(t, degreesOfFreedom);
}
