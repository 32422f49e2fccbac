/** The verdict of a measured mean on a published number. Pure. */
import type { MeanInterval } from "../stats/mean-interval.js";

const VERDICTS = ["reproduced", "differs", "underpowered", "not comparable", "not run"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Fewer seeds give an interval that is too wide for a verdict (t is 12.7 for two). */
const FEWEST = 3;

export interface Judgement {
  verdict: Verdict;
  /** The reason for the verdict; null if the verdict says enough. */
  reason: string | null;
}

interface Question {
  published: number;
  /** Decimals of the published number. Every mean that rounds to it agrees with it. */
  decimals: number;
  measured: MeanInterval | null;
  /** From the published number to the nearest different one of its column; null if there is none. */
  gap: number | null;
  /** Why the two numbers cannot be compared; empty if they can. */
  incomparable: readonly string[];
}

/**
 * `differs` takes precedence over a wide interval: even a wide interval shows a difference if the published number is
 * outside. An interval that contains the published number and could contain its neighbour shows nothing.
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

/** From `score` to the nearest different one; null if all are equal to it. */
export function gapToNext(score: number, column: readonly number[]): number | null {
  // The scores have few digits; rounding removes the binary noise of their difference.
  const gaps = column.map((other) => Number(Math.abs(other - score).toFixed(6))).filter((gap) => gap > 0);
  return gaps.length === 0 ? null : Math.min(...gaps);
}
