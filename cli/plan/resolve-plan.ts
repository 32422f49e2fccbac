import type { Slot } from "../executors/executor.js";
import type { EventOf } from "../protocol/messages.js";
import type { Cell } from "../spec/cell.js";
import type { Devices } from "../spec/devices.js";
import { groupBundles } from "./bundles.js";
import type { PlannedCell } from "./cell.js";
import { look, type Where } from "./look.js";
import { type Plan, planCells } from "./plan.js";

/** What is to be trained; a loaded spec fits. */
export interface Wanted {
  cells: readonly Cell[];
  devices: Devices;
  jobs: number | "auto";
}

export interface ResolvedPlan extends Plan {
  /** Cells that can train as one tree, in the order of the plan. */
  bundles: PlannedCell[][];
  /** Where workers train, one for each that trains at a time. */
  slots: Slot[];
  /** The handshake of the worker that inspected the cells. */
  ready: EventOf<"ready">;
}

/**
 * The only way from cells to runs with ids. A worker inspects models and rows on the devices that will train, because
 * the precision depends on the device, and the id on the precision. Throws UsageError for devices that do not exist,
 * and if no cell can run.
 */
export async function resolvePlan({ cells, devices, jobs }: Wanted, where: Where): Promise<ResolvedPlan> {
  const { ready, inspected } = await look(cells, devices, where);
  const plan = planCells(cells, inspected);
  return { ...plan, bundles: groupBundles(plan.cells), slots: where.executor.slots(devices, jobs, ready), ready };
}
