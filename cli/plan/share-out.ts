import type { Slot } from "../executors/executor.js";
import { bundleKey, groupBundles } from "./bundles.js";
import type { PlannedCell } from "./cell.js";
import { fillSlots, idle } from "./fill-slots.js";
import { halve, laneEpochs } from "./tree.js";

/** Cells for one worker. */
export interface Share {
  cells: PlannedCell[];
  /** Equal for cells that can share a checkpoint. */
  key: string;
  /** The cost in a unit of its own: the rows that its lanes train on. */
  cost: number;
}

/** A bundle is cut only if the job then ends this much earlier, because each part trains the common trunk again. */
const WORTH_A_CUT = 0.95;

/** Assigns shares to slots: at most as many slots as shares, and one slot if nothing is to do. */
export function assign(todo: readonly PlannedCell[], slots: readonly Slot[]): { shares: Share[]; slots: Slot[] } {
  const shares = shareOut(todo, Math.min(slots.length, Math.max(1, todo.length)));
  return { shares, slots: slots.slice(0, Math.max(1, shares.length)) };
}

/**
 * Bundles for `slots` workers at a time, the longest first; large ones are cut as long as that ends the job earlier.
 */
export function shareOut(cells: readonly PlannedCell[], slots: number): Share[] {
  let shares = groupBundles(cells).map(shareOf);
  for (;;) {
    const [largest, ...others] = shares.toSorted(longestFirst);
    if (!largest || largest.cells.length < 2) break;
    const cut = [...halve(largest.cells).map(shareOf), ...others];
    if (lasts(cut, slots) > WORTH_A_CUT * lasts(shares, slots)) break;
    shares = cut;
  }
  return shares.toSorted(longestFirst);
}

const longestFirst = (a: Share, b: Share) => b.cost - a.cost;

function shareOf(cells: PlannedCell[]): Share {
  const [first] = cells;
  if (!first) throw new Error("a bundle without cells");
  return { cells, key: bundleKey(first), cost: costOf(cells) };
}

/** The probable cost of cells that train together after epoch `from`, in the unit of `Share.cost`. */
export const costOf = (cells: readonly PlannedCell[], from = 0): number =>
  laneEpochs(cells, "probable", from) * (cells[0]?.inspected.train_rows ?? 1);

/** When the last of the slots is done, if each takes the longest remaining share. */
const lasts = (shares: readonly Share[], slots: number): number =>
  fillSlots(
    shares.toSorted(longestFirst).map(({ cost }) => cost),
    idle(slots),
  );
