/** Means over seeds and how far they may be off. Pure. */
import jstat from "jstat";
import { deviation, mean } from "./mean.js";

/** Of every interval that is printed; the text beside them says so. */
export const LEVEL = 0.95;

export interface MeanInterval {
  n: number;
  mean: number;
  /** Standard deviation of the sample (n - 1); null with one value. */
  sd: number | null;
  /** Ends of the two-sided t-interval of the mean; null with one value, which says nothing about the others. */
  low: number | null;
  high: number | null;
}

/**
 * Student's t-interval of the mean: seeds are few, so the normal distribution's 1.96 would be far too narrow (4.30 for
 * three). Throws RangeError without values or with one that is not finite.
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
