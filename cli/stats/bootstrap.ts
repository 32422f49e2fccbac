/** The bootstrap over evaluation rows: what chance in the choice of the rows does to a score. Pure. */
import type { Items } from "./items.js";
import { LEVEL } from "./mean-interval.js";
import { uniforms } from "./random.js";

const MOST = 10_000;
const FEWEST = 1000;
/** Rows that are scored in all; a second of one core. */
const WORK = 2e8;

/** How many samples to draw for so many runs: fewer of many rows, so that a view stays quick. */
export const resamplesFor = (rows: number, runs: number): number =>
  Math.max(FEWEST, Math.min(MOST, Math.floor(WORK / Math.max(1, rows * runs))));

/** Samples of `rows` places from 0, with replacement. Each is the same array, filled anew. */
export function* samples(rows: number, count: number, seed: number): Generator<Uint32Array> {
  const next = uniforms(seed);
  const sample = new Uint32Array(rows);
  for (let i = 0; i < count; i++) {
    for (let at = 0; at < rows; at++) sample[at] = Math.floor(next() * rows);
    yield sample;
  }
}

export interface BootstrapDifference {
  /** `one` minus `other` on all rows. */
  difference: number;
  /** Ends of the percentile interval at the level. */
  low: number;
  high: number;
  /** Two-sided: twice the share of samples on the other side of zero. */
  p: number;
  resamples: number;
}

/**
 * Compares one run with others on the same rows: both are scored on each of the same samples of rows (B. Efron and R.
 * Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16). It says what other rows would do, and nothing
 * about other seeds. Throws RangeError if the rows are not as many.
 */
export function pairedBootstrap(
  one: Items,
  others: readonly Items[],
  { seed = 0, level = LEVEL, resamples = resamplesFor(one.rows, others.length + 1) } = {},
): BootstrapDifference[] {
  if (one.rows === 0 || others.some(({ rows }) => rows !== one.rows)) {
    throw new RangeError("runs on other rows cannot be compared row by row");
  }
  const found = others.map(() => new Float64Array(resamples));
  let draw = 0;
  for (const sample of samples(one.rows, resamples, seed)) {
    const own = one.score(sample);
    for (const [i, other] of others.entries()) (found[i] as Float64Array)[draw] = own - other.score(sample);
    draw++;
  }
  const all = Uint32Array.from({ length: one.rows }, (_, row) => row);
  const whole = one.score(all);
  return others.map((other, i) => {
    const sorted = (found[i] as Float64Array).sort();
    const [low, high] = [(1 - level) / 2, (1 + level) / 2].map((part) => quantile(sorted, part)) as [number, number];
    return { difference: whole - other.score(all), low, high, p: twoSided(sorted), resamples };
  });
}

/** The data count as one of the samples, so that p is never 0. */
function twoSided(sorted: Float64Array): number {
  const below = sorted.filter((value) => value <= 1e-12).length;
  const above = sorted.filter((value) => value >= -1e-12).length;
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (sorted.length + 1));
}

/** Between the two nearest values, as numpy's default. */
function quantile(sorted: Float64Array, part: number): number {
  const at = part * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return low + (high - low) * (at - Math.floor(at));
}
