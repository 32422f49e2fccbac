import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SETTINGS_FILE } from "../attempt-files.js";
import type { PlannedCell } from "../plan/cell.js";
import type { Share } from "../plan/share-out.js";
import { claimAttempts } from "../store/write.js";
import type { Job } from "./job.js";

/** A run that this process has claimed. */
export interface Attempt {
  cell: PlannedCell;
  attemptId: number;
  number: number;
  folder: string;
}

/** Claims the runs that no other process has, in one transaction, and writes the settings of each into its folder. */
export async function claim(
  { cells, key }: Pick<Share, "cells" | "key">,
  device: string,
  job: Job,
): Promise<Attempt[]> {
  const { store, force, model, logs, patience, interrupts, stops, keep } = job;
  const requests = cells.map((cell) => ({ runId: cell.id, force, checkpoint: key, keepAdapters: keep.adapters }));
  const take = () => claimAttempts(store, requests, () => stops.wantsEnd());
  const claims = await patience.orElse(take, interrupts.stop, []);
  const done: string[] = [];
  const removed: string[] = [];
  const busy = new Map<string, string[]>();
  const attempts: Attempt[] = [];
  for (const [i, cell] of cells.entries()) {
    const claim = claims[i];
    if (!claim) continue;
    if ("attemptId" in claim) attempts.push({ cell, ...claim });
    else if ("done" in claim) done.push(cell.id);
    else if ("removed" in claim) removed.push(cell.id);
    else addTo(busy, claim.busy, cell.id);
  }
  model.set(done, "finished");
  model.set(removed, "skipped");
  for (const [owner, ids] of busy) model.set(ids, "elsewhere", owner);
  for (const attempt of attempts) describe(attempt);
  for (const { cell, number, folder } of attempts) {
    logs.open({ run: cell.id, number, folder });
    logs.write([cell.id], "info", { pid: process.pid, label: cell.label, device }, "claimed");
  }
  return attempts;
}

function describe({ cell, number, folder }: Attempt): void {
  const { id, label, settings, inspected } = cell;
  const content = { run: id, attempt: number, label, settings, fingerprint: inspected.fingerprint };
  writeFileSync(join(folder, SETTINGS_FILE), `${JSON.stringify(content, null, 2)}\n`);
}

function addTo(groups: Map<string, string[]>, key: string, value: string): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}
