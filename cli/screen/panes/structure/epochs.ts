/** Which epochs are shown where not all have room. */
import { thin } from "../../../views/parts/epoch-grid.js";

/**
 * At most `count` of the columns, as indices: the newest, those with changes, the newest of these first, the first one, and
 * others evenly between.
 */
export function chosenEpochs(columns: readonly { changed: boolean }[], count: number): number[] {
  const all = columns.map((_, index) => index);
  if (all.length <= count) return all;
  const last = all.length - 1;
  const changed = all.filter((index) => columns[index]?.changed).reverse();
  const chosen = new Set([last, ...changed, 0].slice(0, Math.max(1, count)));
  const others = all.filter((index) => !chosen.has(index));
  for (const index of thin(others, Math.max(0, count - chosen.size))) chosen.add(index);
  return [...chosen].sort((a, b) => a - b);
}

/** Those up to `end`, without a gap. */
export function epochsUpTo(end: number, total: number, count: number): number[] {
  const shown = Math.max(1, Math.min(count, total));
  const last = Math.max(shown - 1, Math.min(total - 1, end));
  return Array.from({ length: shown }, (_, i) => last - shown + 1 + i);
}
