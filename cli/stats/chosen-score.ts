/** The best of several, and how much of its score is due to the choice. Pure. */
import { resamplesFor, samples } from "./bootstrap.js";
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

/** Of equal candidates the first is the best. Null if none has a score. */
export function chosenScore<T extends Candidate>(all: readonly T[], options: ChoiceOptions<T> = {}): Chosen<T> | null {
  const seeds = Math.max(0, ...all.map((cell) => cell.scores.size));
  if (seeds === 0) return null;
  const sign = options.lowerIsBetter ? -1 : 1;
  const full = all.filter((cell) => cell.scores.size === seeds);
  const best = argBest(full, (cell) => sign * mean(shown(cell)));
  const leftOut = all.filter(({ scores }) => scores.size > 0).length - full.length;
  const found = honestOf(full, best, leftOut, sign, options.items);
  if (typeof found === "string") {
    return { best, cells: full.length, leftOut, by: null, honest: null, optimism: null, reason: found };
  }
  const optimism = sign * (mean(shown(best)) - found.honest);
  return { best, cells: full.length, leftOut, ...found, optimism, reason: null };
}

type Honest = { by: NonNullable<Optimism["by"]>; honest: number };

function honestOf<T extends Candidate>(
  cells: readonly T[],
  best: T,
  leftOut: number,
  sign: number,
  items: ChoiceOptions<T>["items"],
): Honest | string {
  if (cells.length === 1) return leftOut === 0 ? "one cell, nothing was chosen" : "the other cells have fewer seeds";
  if (cells.every((cell) => heldOut(cell).every((score) => score !== null))) {
    const chosen = argBest(cells, (cell) => sign * mean(heldOut(cell) as number[]));
    return { by: "holdout", honest: mean(shown(chosen)) };
  }
  const seeds = [...best.scores.keys()];
  if (!cells.every((cell) => seeds.every((seed) => cell.scores.has(seed)))) return "the cells have different seeds";
  if (seeds.length < 2) return overRows(cells, sign, items);
  const left = seeds.map((seed) => {
    const chosen = argBest(cells, (cell) => sign * mean(shown(cell, seed)));
    return chosen.scores.get(seed)?.shown ?? Number.NaN;
  });
  return { by: "leave-one-seed-out", honest: mean(left) };
}

/**
 * Chooses on a sample of the rows, and scores the choice on the rows that are not in it (a third of them), many times.
 * It says what the choice among these trainings adds; another seed would add its own chance.
 */
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
  const scores: number[] = [];
  const inside = new Uint8Array(rows);
  for (const sample of samples(rows, resamplesFor(rows, all.length), 0)) {
    inside.fill(0);
    for (const row of sample) inside[row] = 1;
    const left = [...inside.keys()].filter((row) => inside[row] === 0);
    if (left.length > 0) scores.push(argBest(all, (one) => sign * one.score(sample)).score(left));
  }
  return scores.length === 0 ? "one seed and too few rows" : { by: "bootstrap", honest: mean(scores) };
}

const shown = (cell: Candidate, without?: number): number[] =>
  [...cell.scores].filter(([seed]) => seed !== without).map(([, score]) => score.shown);
const heldOut = (cell: Candidate): (number | null)[] => [...cell.scores.values()].map((score) => score.heldOut);

/** The first of those with the highest value. */
function argBest<T>(all: readonly T[], value: (one: T) => number): T {
  const [first, ...others] = all.map((one) => ({ one, value: value(one) }));
  if (!first) throw new RangeError("nothing to choose from");
  return others.reduce((best, next) => (next.value > best.value + 1e-12 ? next : best), first).one;
}
