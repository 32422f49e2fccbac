import type { Slot } from "../executors/executor.js";
import { checkpointKey, groupBundles } from "./bundles.js";
import type { PlannedCell } from "./cell.js";
import { fillSlots, idle } from "./fill-slots.js";
import type { Device } from "./forecast/kind.js";
import { laneBytes } from "./forecast/memory.js";
import { halve, laneEpochs, lanesOf } from "./tree.js";

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

/** Share of a worker's memory that its lanes may take: the rest is for the model, activations and other programs. */
const FOR_LANES = 0.5;

/**
 * Assigns shares to slots: at most as many slots as shares, and one slot if nothing is to do. Workers on a CPU have an
 * equal part of the `device`'s memory each.
 */
export function assign(
  todo: readonly PlannedCell[],
  slots: readonly Slot[],
  device: Device,
): { shares: Share[]; slots: Slot[] } {
  const workers = Math.min(slots.length, Math.max(1, todo.length));
  const shares = shareOut(todo, workers, device.memory / (device.name === "cpu" ? workers : 1));
  return { shares, slots: slots.slice(0, Math.max(1, shares.length)) };
}

/**
 * Bundles for `slots` workers at a time, the longest first. Those whose lanes would fill a worker's `memory`, in bytes,
 * are cut (by default none), and large ones as long as that ends the job earlier.
 */
export function shareOut(cells: readonly PlannedCell[], slots: number, memory = Number.POSITIVE_INFINITY): Share[] {
  let shares = groupBundles(cells)
    .flatMap((bundle) => withinMemory(bundle, FOR_LANES * memory))
    .map(shareOf);
  for (;;) {
    const [largest, ...others] = shares.toSorted(longestFirst);
    if (!largest || largest.cells.length < 2) break;
    const cut = [...halve(largest.cells).map(shareOf), ...others];
    if (lasts(cut, slots) > WORTH_A_CUT * lasts(shares, slots)) break;
    shares = cut;
  }
  return shares.toSorted(longestFirst);
}

function withinMemory(bundle: PlannedCell[], bytes: number): PlannedCell[][] {
  const [first] = bundle;
  if (!first || bundle.length === 1 || lanesOf(bundle) * laneBytes(first) <= bytes) return [bundle];
  return halve(bundle).flatMap((half) => withinMemory(half, bytes));
}

const longestFirst = (a: Share, b: Share) => b.cost - a.cost;

function shareOf(cells: PlannedCell[]): Share {
  const [first] = cells;
  if (!first) throw new Error("a bundle without cells");
  return { cells, key: checkpointKey(first), cost: costOf(cells) };
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
