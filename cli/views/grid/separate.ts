/** Which cells a test tells from the best one, and what the best one's score is without the luck of the choice. */
import { pairedBootstrap, resamplesFor } from "../../stats/bootstrap.js";
import { type Candidate, chosenScore, type Optimism } from "../../stats/chosen-score.js";
import { holm } from "../../stats/holm.js";
import type { Items } from "../../stats/items.js";
import { LEVEL } from "../../stats/mean-interval.js";
import { signFlip, smallestP } from "../../stats/sign-flip.js";
import type { ItemsOfRun } from "../run-items.js";
import type { GridCell } from "./cell.js";

export interface Separation {
  /** `seeds`: sign flips over common seeds. `rows`: a bootstrap over the evaluation rows of one training each. */
  by: "seeds" | "rows" | null;
  /** Cells that were compared with the best one; equal trainings count once. */
  compared: number;
  /** Corrected p at which a cell counts as another one than the best. */
  alpha: number;
  /** Of seeds: the most common ones of a cell and the best, the smallest p that they reach, and how many would do. */
  pairs: number | null;
  smallest: number | null;
  needed: number | null;
  /** Of rows: samples that were drawn. */
  resamples: number | null;
  /** Why there is no test. */
  reason: string | null;
}

/** The reason where there is one seed, and predictions were not read. */
export const WITHOUT_ITEMS = "one seed";

const ALPHA = Number((1 - LEVEL).toFixed(12));

/** Sets `separable` and `p` of the cells. Null if there is no single best, or nothing to compare it with. */
export function separateFromBest(cells: readonly GridCell[], items: ItemsOfRun | undefined): Separation | null {
  const best = cells.find((cell) => cell.best);
  if (!best) return null;
  const groups = trainings(cells.filter((cell) => cell.mean !== null && !cell.best));
  const heads = groups.flatMap(([head]) => head ?? []);
  const found = best.n > 1 ? overSeeds(best, heads) : overRows(best, heads, items);
  const none = { by: null, compared: 0, alpha: ALPHA, pairs: null, smallest: null, needed: null, resamples: null };
  if (typeof found === "string") return { ...none, reason: found };
  const { ps, ...how } = found;
  const tested = groups.flatMap((group, i) => (ps[i] === null ? [] : [{ group, p: ps[i] as number }]));
  for (const [i, p] of holm(tested.map((one) => one.p)).entries()) {
    for (const cell of tested[i]?.group ?? []) [cell.p, cell.separable] = [p, p <= ALPHA];
  }
  return { ...none, ...how, compared: tested.length, reason: null };
}

/** Cells that are one training with equal scores, together. */
function trainings(cells: readonly GridCell[]): GridCell[][] {
  const groups = new Map<string, GridCell[]>();
  for (const cell of cells) {
    const place = cell.coincides ?? cell;
    const key = JSON.stringify([place.row, place.col, cell.scores.map(({ score }) => score)]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()];
}

type Found = { ps: (number | null)[] } & Pick<Separation, "by"> & Partial<Separation>;

function overSeeds(best: GridCell, others: readonly GridCell[]): Found | string {
  const scores = new Map(best.scores.map(({ seed, score }) => [seed, score]));
  const tests = others.map((cell) =>
    signFlip(cell.scores.flatMap(({ seed, score }) => (scores.has(seed) ? [(scores.get(seed) ?? 0) - score] : []))),
  );
  const pairs = Math.max(0, ...tests.map((test) => test?.n ?? 0));
  if (pairs === 0) return "no cell has a seed in common with the best";
  const compared = tests.filter((test) => test !== null).length;
  const needed = Math.ceil(Math.log2((2 * compared) / ALPHA));
  return { by: "seeds", ps: tests.map((test) => test?.p ?? null), pairs, smallest: smallestP(pairs), needed };
}

function overRows(best: GridCell, others: readonly GridCell[], items: ItemsOfRun | undefined): Found | string {
  if (!items) return WITHOUT_ITEMS;
  const [one, ...rest] = [best, ...others].map((cell) => items(cell.scores[0]?.run ?? ""));
  const why = [one, ...rest].find((each) => typeof each === "string");
  if (typeof why === "string" || one === undefined) return `one seed, and ${why}`;
  const all = rest as Items[];
  const resamples = resamplesFor((one as Items).rows, all.length + 1);
  const found = pairedBootstrap(one as Items, all, { resamples });
  return { by: "rows", ps: found.map(({ p }) => p), resamples };
}

interface ChoiceSource {
  lowerIsBetter: boolean;
  /** Each run's score on a held-out part of train. */
  heldOut: ReadonlyMap<string, number | null>;
  items: ItemsOfRun | undefined;
}

/** Null if no cell has a score. */
export function correctedBest(
  cells: readonly GridCell[],
  { lowerIsBetter, heldOut, items }: ChoiceSource,
): (Optimism & { cells: number; leftOut: number }) | null {
  const candidates = cells.map(({ scores }) => {
    const bySeed = scores.map(
      ({ seed, run, score }) => [seed, { shown: score, heldOut: heldOut.get(run) ?? null }] as const,
    );
    return { scores: new Map(bySeed), run: scores[0]?.run ?? "" } satisfies Candidate & { run: string };
  });
  const chosen = chosenScore(candidates, { lowerIsBetter, ...(items && { items: ({ run }) => items(run) }) });
  if (!chosen) return null;
  const { best: _, ...choice } = chosen;
  return choice;
}
