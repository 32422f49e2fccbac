/**
 * Holm's adjusted p values, in the order that they came in: with `adjusted <= alpha` the chance of one wrong rejection
 * among all is at most alpha, whatever the tests have to do with each other (S. Holm, Scandinavian Journal of Statistics
 * 6, 1979). Pure.
 */
export function holm(ps: readonly number[]): number[] {
  if (!ps.every((p) => p >= 0 && p <= 1)) throw new RangeError("a p value is not within 0 and 1");
  const adjusted = new Array<number>(ps.length);
  let so = 0;
  for (const [rank, i] of [...ps.keys()].sort((a, b) => (ps[a] ?? 0) - (ps[b] ?? 0)).entries()) {
    so = Math.max(so, Math.min(1, (ps.length - rank) * (ps[i] ?? 0)));
    adjusted[i] = so;
  }
  return adjusted;
}
