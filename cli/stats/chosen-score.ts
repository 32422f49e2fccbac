/** The best of several, and how much of its score is due to the choice. Pure. */
import { bestOf, chosenOnSamples } from "./chosen-on-samples.js";
import type { Items } from "./items.js";
import { mean } from "./mean.js";

/** One of the things to choose from. */
export interface Candidate {
  /** By seed: the score that is reported, and the score on a held-out part of train, if there is one. */
  scores: ReadonlyMap<number, { shown: number; heldOut: number | null }>;
}

export interface Optimism {
  /**
   * `holdout`: rows that are not reported choose. `leave-one-seed-out`: the other seeds choose. `bootstrap`: a sample of
   * the rows chooses.
   */
  by: "holdout" | "leave-one-seed-out" | "bootstrap" | null;
  /** The score of the same choice on data that did not choose; null if it cannot be estimated. */
  honest: number | null;
  /** By how much the best is better than `honest`. Can be negative. */
  optimism: number | null;
  /** Standard error that `honest` has from the draws of `bootstrap`; null where nothing was drawn. */
  error: number | null;
  /** Why it cannot be estimated. */
  reason: string | null;
}

export interface Chosen<T> extends Optimism {
  best: T;
  /** How many there were to choose from: those with as many seeds as the fullest one. */
  cells: number;
  /** How many with fewer seeds were left out: the mean of few seeds depends more on luck. */
  leftOut: number;
}

export interface ChoiceOptions<T> {
  lowerIsBetter?: boolean;
  /** The rows of a candidate with one seed, in units of the score; a text says why there are none. */
  items?: (cell: T) => Items | string;
}

/**
 * Of equal candidates the first is the best. Where several are equal in what chooses instead, each of them could be the
 * choice, so their scores are averaged: the order of the candidates has no say. Null if none has a score.
 */
export function chosenScore<T extends Candidate>(all: readonly T[], options: ChoiceOptions<T> = {}): Chosen<T> | null {
  const seeds = Math.max(0, ...all.map((cell) => cell.scores.size));
  if (seeds === 0) return null;
  const sign = options.lowerIsBetter ? -1 : 1;
  const full = all.filter((cell) => cell.scores.size === seeds);
  const [best] = bestOf(full, (cell) => sign * mean(shown(cell)));
  if (best === undefined) throw new RangeError("a score is not a number");
  const leftOut = all.filter(({ scores }) => scores.size > 0).length - full.length;
  const found = honestOf(full, best, leftOut, sign, options.items);
  if (typeof found === "string") {
    return { best, cells: full.length, leftOut, by: null, honest: null, optimism: null, error: null, reason: found };
  }
  const optimism = sign * (mean(shown(best)) - found.honest);
  return { best, cells: full.length, leftOut, error: null, ...found, optimism, reason: null };
}

type Honest = { by: NonNullable<Optimism["by"]>; honest: number; error?: number };

function honestOf<T extends Candidate>(
  cells: readonly T[],
  best: T,
  leftOut: number,
  sign: number,
  items: ChoiceOptions<T>["items"],
): Honest | string {
  if (cells.length === 1) return leftOut === 0 ? "one cell, nothing was chosen" : "the other cells have fewer seeds";
  if (cells.every((cell) => heldOut(cell).every((score) => score !== null))) {
    const chosen = bestOf(cells, (cell) => sign * mean(heldOut(cell) as number[]));
    return { by: "holdout", honest: mean(chosen.map((cell) => mean(shown(cell)))) };
  }
  const seeds = [...best.scores.keys()];
  if (!cells.every((cell) => seeds.every((seed) => cell.scores.has(seed)))) return "the cells have different seeds";
  if (seeds.length < 2) return overRows(cells, sign, items);
  const left = seeds.map((seed) => {
    const chosen = bestOf(cells, (cell) => sign * mean(shown(cell, seed)));
    return mean(chosen.map(({ scores }) => scores.get(seed)?.shown ?? Number.NaN));
  });
  return { by: "leave-one-seed-out", honest: mean(left) };
}

/** The choice among these trainings, made again on samples of the rows. Another seed would add its own chance. */
function overRows<T extends Candidate>(
  cells: readonly T[],
  sign: number,
  items: ChoiceOptions<T>["items"],
): Honest | string {
  if (!items) return "one seed and no holdout part";
  const found = cells.map(items);
  const why = found.find((one) => typeof one === "string");
  if (typeof why === "string") return `one seed and no holdout part, and ${why}`;
  const all = found as Items[];
  const rows = all[0]?.rows ?? 0;
  if (!all.every((one) => one.rows === rows)) return "one seed and no holdout part, and the rows differ";
  const chosen = chosenOnSamples(all, sign);
  return chosen === null ? "one seed and too few rows" : { by: "bootstrap", ...chosen };
}

const shown = (cell: Candidate, without?: number): number[] =>
  [...cell.scores].filter(([seed]) => seed !== without).map(([, score]) => score.shown);
const heldOut = (cell: Candidate): (number | null)[] => [...cell.scores.values()].map((score) => score.heldOut);
