/** Which epochs are shown where not all have room. */

/**
 * At most `count` of the columns, as indices: the newest, those with changes, the newest of these first, the first one, and
 * others in the middle of the widest gaps.
 */
export function chosenEpochs(columns: readonly { changed: boolean }[], count: number): number[] {
  const all = columns.map((_, index) => index);
  if (all.length <= count) return all;
  const last = all.length - 1;
  const changed = all.filter((index) => columns[index]?.changed).reverse();
  const chosen = [...new Set([last, ...changed, 0])].slice(0, Math.max(1, count)).sort((a, b) => a - b);
  while (chosen.length < count) chosen.splice(...middleOfWidestGap(chosen));
  return chosen;
}

/** What to insert where, as `splice` takes it. */
function middleOfWidestGap(chosen: readonly number[]): [at: number, deleted: 0, index: number] {
  let [at, widest] = [0, (chosen[0] ?? 0) + 1];
  for (let i = 1; i < chosen.length; i++) {
    const gap = (chosen[i] ?? 0) - (chosen[i - 1] ?? 0);
    if (gap > widest) [at, widest] = [i, gap];
  }
  const before = at === 0 ? -1 : (chosen[at - 1] ?? 0);
  return [at, 0, before + Math.ceil(widest / 2)];
}

/** Those up to `end`, without a gap. */
export function epochsUpTo(end: number, total: number, count: number): number[] {
  const shown = Math.max(1, Math.min(count, total));
  const last = Math.max(shown - 1, Math.min(total - 1, end));
  return Array.from({ length: shown }, (_, i) => last - shown + 1 + i);
}
