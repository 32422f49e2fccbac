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
 * Assigns shares to slots: at most as many slots as shares, and one slot if nothing is to do. Workers on one device have
 * an equal part of its memory each; `device` describes every one of them.
 */
export function assign(
  todo: readonly PlannedCell[],
  slots: readonly Slot[],
  device: Device,
): { shares: Share[]; slots: Slot[] } {
  const workers = Math.min(slots.length, Math.max(1, todo.length));
  const shares = shareOut(todo, workers, device.memory / mostOnOneDevice(slots.slice(0, workers)));
  return { shares, slots: slots.slice(0, Math.max(1, shares.length)) };
}

function mostOnOneDevice(slots: readonly Slot[]): number {
  const counts = new Map<string, number>();
  for (const { device } of slots) counts.set(device, (counts.get(device) ?? 0) + 1);
  return Math.max(1, ...counts.values());
}

/**
 * Bundles for `slots` workers at a time, the longest first. Those whose lanes could fill a worker's `memory`, in bytes,
 * are cut (by default none), and large ones where that ends the job earlier. One cut alone may save nothing, as where
 * four workers have two equal bundles, so that several in a row are tried.
 */
export function shareOut(cells: readonly PlannedCell[], slots: number, memory = Number.POSITIVE_INFINITY): Share[] {
  const whole = groupBundles(cells)
    .flatMap((bundle) => withinMemory(bundle, FOR_LANES * memory))
    .map(shareOf)
    .toSorted(longestFirst);
  let [best, tried, cuts] = [whole, whole, 0];
  while (cuts < 2 * slots) {
    const largest = tried.find(({ cells }) => cells.length > 1);
    if (!largest) break;
    const others = tried.filter((share) => share !== largest);
    tried = [...halve(largest.cells).map(shareOf), ...others].toSorted(longestFirst);
    cuts++;
    if (lasts(tried, slots) > WORTH_A_CUT * lasts(best, slots)) continue;
    [best, cuts] = [tried, 0];
  }
  return best;
}

function withinMemory(bundle: PlannedCell[], bytes: number): PlannedCell[][] {
  const lanes = lanesOf(bundle, "planned");
  if (lanes === 1 || lanes * laneBytes(bundle) <= bytes) return [bundle];
  return halve(bundle, "planned").flatMap((half) => withinMemory(half, bytes));
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
const lasts = (sorted: readonly Share[], slots: number): number =>
  fillSlots(
    sorted.map(({ cost }) => cost),
    idle(slots),
  );
