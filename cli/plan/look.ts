import { createHash } from "node:crypto";
import type { Executor } from "../executors/executor.js";
import { PROTOCOL_VERSION } from "../protocol/messages.js";
import type { Cell } from "../spec/cell.js";
import type { Devices } from "../spec/devices.js";
import { type Inspection, inspect } from "../worker/inspect.js";
import type { KeptLooks } from "./kept-looks.js";

export interface Where {
  executor: Executor;
  /** Ends the worker that inspects. */
  signal?: AbortSignal;
  /** Kept results, so that nothing is inspected twice. Default: inspect everything. */
  looks?: KeptLooks | undefined;
}

/** Inspects the cells on these devices: uses kept results if nothing has changed, else a worker. */
export async function look(
  cells: readonly Cell[],
  devices: Devices,
  { executor, signal, looks }: Where,
): Promise<Inspection> {
  const conditions = looks && (await executor.conditions?.());
  const key = conditions === undefined ? undefined : keyOf(cells, devices, [executor.describe(), conditions]);
  const kept = key && looks?.find(key);
  if (kept) return kept;
  const found = await inspect(cells, (question) => executor.ask(question, { devices, ...(signal && { signal }) }));
  if (key) looks?.keep(key, found);
  return found;
}

function keyOf(cells: readonly Cell[], devices: Devices, conditions: unknown): string {
  const content = [PROTOCOL_VERSION, devices, conditions, cells.map(({ settings }) => settings)];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
