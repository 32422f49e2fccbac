/** The best cell of a grid of merges x injections, and how much of its score is due to the choice. Pure. */
import { mean } from "../stats/mean.js";

/** A cell to choose from. */
export interface Candidate {
  merges: number;
  injections: number;
  /** By seed: the score that is reported, and the score on a held-out part of train, if there is one. */
  scores: ReadonlyMap<number, { shown: number; heldOut: number | null }>;
}

export interface Optimism {
  /** `holdout`: rows that are not reported choose. `leave-one-seed-out`: the other seeds choose. */
  by: "holdout" | "leave-one-seed-out" | null;
  /** The score of the same choice on data that did not choose; null if it cannot be estimated. */
  honest: number | null;
  /** `best - honest`. Can be negative. */
  optimism: number | null;
  reason: string | null;
}

export interface GridChoice extends Optimism {
  best: Candidate;
  /** How many cells the choice was from: those with as many seeds as the fullest one. */
  cells: number;
  /** How many cells with fewer seeds were left out: the mean of few seeds depends more on luck. */
  leftOut: number;
}

/** Null if no cell has a score. */
export function bestOfGrid(grid: readonly Candidate[]): GridChoice | null {
  const seeds = Math.max(0, ...grid.map((cell) => cell.scores.size));
  if (seeds === 0) return null;
  const full = grid.filter((cell) => cell.scores.size === seeds);
  const best = argBest(full, (cell) => mean(shown(cell)));
  const leftOut = grid.length - full.length;
  return { best, cells: full.length, leftOut, ...optimismOf(full, best, leftOut) };
}

function optimismOf(grid: readonly Candidate[], best: Candidate, leftOut: number): Optimism {
  const reported = mean(shown(best));
  if (grid.length === 1) {
    return unknown(leftOut === 0 ? "one cell, nothing was chosen" : "the other cells have fewer seeds");
  }
  if (grid.every((cell) => heldOut(cell).every((score) => score !== null))) {
    const chosen = argBest(grid, (cell) => mean(heldOut(cell) as number[]));
    return known("holdout", mean(shown(chosen)), reported);
  }
  const seeds = [...best.scores.keys()];
  if (!grid.every((cell) => seeds.every((seed) => cell.scores.has(seed)))) {
    return unknown("the cells have different seeds");
  }
  if (seeds.length < 2) return unknown("one seed and no holdout part");
  const left = seeds.map((seed) => {
    const chosen = argBest(grid, (cell) => mean(shown(cell, seed)));
    return chosen.scores.get(seed)?.shown ?? Number.NaN;
  });
  return known("leave-one-seed-out", mean(left), reported);
}

const known = (by: NonNullable<Optimism["by"]>, honest: number, reported: number): Optimism => ({
  by,
  honest,
  optimism: reported - honest,
  reason: null,
});
const unknown = (reason: string): Optimism => ({ by: null, honest: null, optimism: null, reason });

const shown = (cell: Candidate, without?: number): number[] =>
  [...cell.scores].filter(([seed]) => seed !== without).map(([, score]) => score.shown);
const heldOut = (cell: Candidate): (number | null)[] => [...cell.scores.values()].map((score) => score.heldOut);

/** The highest score; of equal ones that with the fewest merges, then the fewest injections. */
function argBest(grid: readonly Candidate[], score: (cell: Candidate) => number): Candidate {
  const ordered = grid.toSorted((a, b) => a.merges - b.merges || a.injections - b.injections);
  return ordered.reduce((best, cell) => (score(cell) > score(best) + 1e-12 ? cell : best));
}
