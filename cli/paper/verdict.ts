/** What a measured mean says about a published number. Pure. */
import type { MeanInterval } from "../stats/mean-interval.js";

const VERDICTS = ["reproduced", "differs", "underpowered", "not comparable", "not run"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Fewer seeds give an interval that is too wide to say anything (t is 12.7 for two). */
const FEWEST = 3;

export interface Judgement {
  verdict: Verdict;
  /** Why it is that verdict; null where the verdict says it. */
  reason: string | null;
}

interface Question {
  published: number;
  /** Digits behind the point of the published number, which stands for everything that rounds to it. */
  decimals: number;
  measured: MeanInterval | null;
  /** From the published number to the nearest different one of its column; null where there is none. */
  gap: number | null;
  /** Why the two numbers are not of the same thing; none: they are. */
  incomparable: readonly string[];
}

/**
 * `differs` wins over `underpowered` by width: an interval that is wide and still leaves the published number out has
 * shown a difference. One that holds the published number and could hold the neighbour's as well has shown nothing.
 */
export function judge({ published, decimals, measured, gap, incomparable }: Question): Judgement {
  if (measured === null) return { verdict: "not run", reason: null };
  if (incomparable.length > 0) return { verdict: "not comparable", reason: incomparable.join(", ") };
  const { n, low, high } = measured;
  if (n < FEWEST || low === null || high === null) {
    return { verdict: "underpowered", reason: `${n} of at least ${FEWEST} seeds` };
  }
  const rounding = 0.5 * 10 ** -decimals;
  if (published < low - rounding || published > high + rounding) return { verdict: "differs", reason: null };
  if (gap !== null && high - low > gap) {
    const width = (high - low).toFixed(decimals);
    return { verdict: "underpowered", reason: `interval ${width} wide, next method ${gap.toFixed(decimals)} away` };
  }
  return { verdict: "reproduced", reason: null };
}

/** From `score` to the nearest different one; null where all are equal to it. */
export function gapToNext(score: number, column: readonly number[]): number | null {
  // The scores have few digits; their difference has more than it means.
  const gaps = column.map((other) => Number(Math.abs(other - score).toFixed(6))).filter((gap) => gap > 0);
  return gaps.length === 0 ? null : Math.min(...gaps);
}
