/** The best of several, chosen on samples of the rows and scored on the rows that are not in them. Pure. */
import { resamplesFor, samples } from "./bootstrap.js";
import type { Items } from "./items.js";
import { mean } from "./mean.js";

/**
 * The score of the choice, and its standard error from the draws; null if no sample leaves a row out. In each sample the
 * best is chosen and scored on the rows that are left (a third of them). What any one candidate has on the rows that are
 * left, on average over the samples, differs from what it has on all rows by the chance of the draws alone, so that
 * difference is taken off, weighted by how often the candidate was chosen (a control variate). Candidates with equal
 * predictions thus keep their score exactly, and one that is always chosen owes nothing to the choice.
 */
export function chosenOnSamples(all: readonly Items[], sign: number): { honest: number; error: number } | null {
  const rows = all[0]?.rows ?? 0;
  const draws: { left: number[]; chosen: Set<number> }[] = [];
  const everyRow = Uint32Array.from({ length: rows }, (_, row) => row);
  const inside = new Uint8Array(rows);
  for (const sample of samples(rows, resamplesFor(rows, all.length), 0)) {
    inside.fill(0);
    for (const row of sample) inside[row] = 1;
    const left = everyRow.filter((row) => inside[row] === 0);
    if (left.length === 0) continue;
    const scores = all.map((one) => sign * one.score(sample));
    draws.push({
      left: all.map((one) => one.score(left)),
      chosen: new Set(bestOf([...all.keys()], (at) => scores[at] ?? 0)),
    });
  }
  if (draws.length === 0) return null;
  const share = all.map((_, at) => mean(draws.map(({ chosen }) => (chosen.has(at) ? 1 / chosen.size : 0))));
  const weighted = (of: (at: number) => number) => share.reduce((sum, part, at) => sum + part * of(at), 0);
  const gains = draws.map(({ left, chosen }) => {
    return mean([...chosen].map((at) => left[at] ?? 0)) - weighted((at) => left[at] ?? 0);
  });
  const gain = mean(gains);
  const variance = mean(gains.map((one) => (one - gain) ** 2));
  return { honest: weighted((at) => all[at]?.score(everyRow) ?? 0) + gain, error: Math.sqrt(variance / draws.length) };
}

/** All with the highest value, in their order; sums in another order differ in their last digits. */
export function bestOf<T>(all: readonly T[], value: (one: T) => number): T[] {
  const values = all.map(value);
  const highest = Math.max(...values);
  return all.filter((_, at) => (values[at] ?? 0) >= highest - 1e-12);
}
