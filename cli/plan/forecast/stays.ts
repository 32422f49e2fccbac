import type { Keep, KeepAdapters } from "../../spec/keep-schema.js";
import type { PlannedCell } from "../cell.js";
import type { Disk } from "./disk.js";

/** What happens to adapters when they are trained, and whether there are checkpoints until then. */
export interface Keeping extends Keep {
  /** Benchmarks are scored after training, for which they must be there. */
  evaluates: boolean;
}

/** The disk of the runs of a tree. */
interface TreeDisk {
  cells: readonly PlannedCell[];
  disk: Disk;
}

/** Bytes that stay, and those that are needed at the peak, of trees of which so many train at a time. Pure. */
export function diskOfJob(
  trees: readonly TreeDisk[],
  workers: number,
  { adapters, checkpoints, evaluates }: Keeping,
): { disk: number; peakDisk: number } {
  const everything = sum(trees.map(({ cells, disk }) => cells.length * disk.run + disk.database));
  const disk = everything - sum(trees.map(adaptersOf)) + keptOf(trees, adapters);
  // Without an evaluation, adapters of which none stays are deleted as soon as their tree has ended.
  const atOnce = adapters === "none" && !evaluates;
  const kind = checkpoints === "none" ? "withoutCheckpoint" : "checkpoint";
  const passing = trees.map((tree) => tree.disk[kind] + (atOnce ? adaptersOf(tree) : 0));
  return { disk, peakDisk: (atOnce ? disk : everything) + largest(passing, workers) };
}

const adaptersOf = ({ cells, disk }: TreeDisk): number => cells.length * disk.adapter;

/** Of the best run nobody knows the size before, so the largest of each model and task counts. */
function keptOf(trees: readonly TreeDisk[], adapters: KeepAdapters): number {
  if (adapters === "all") return sum(trees.map(adaptersOf));
  if (adapters === "none") return 0;
  const best = new Map<string, number>();
  for (const { cells, disk } of trees) {
    for (const { model, task, data } of cells.map(({ settings }) => settings)) {
      const family = JSON.stringify([model.name, task.name, data.path, data.hub, data.config]);
      best.set(family, Math.max(best.get(family) ?? 0, disk.adapter));
    }
  }
  return sum([...best.values()]);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export const largest = (values: readonly number[], count: number): number =>
  sum(values.toSorted((a, b) => b - a).slice(0, count));
