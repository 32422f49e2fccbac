import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { SETTINGS_FILE } from "../attempt-files.js";
import type { PlannedCell } from "../plan/cell.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Store } from "../store/store.js";
import { type Claim, claimAttempt } from "../store/write.js";
import { openRunLog } from "./log.js";

/** A run that this process has taken: its row, its folder and its log. */
export interface Attempt {
  cell: PlannedCell;
  attemptId: number;
  folder: string;
  log: Logger;
}

/** Takes a run and describes it in its folder; or says why it can't be taken. */
export function beginAttempt(
  store: Store,
  cell: PlannedCell,
  force: boolean,
  device: string,
  checkpoint: string,
): Attempt | Exclude<Claim, { attemptId: number }> {
  const claim = claimAttempt(store, { runId: cell.id, force, checkpoint });
  if (!("attemptId" in claim)) return claim;
  const { attemptId, number, folder } = claim;
  const { id, label, settings, inspected } = cell;
  const content = { run: id, attempt: number, label, settings, fingerprint: inspected.fingerprint };
  writeFileSync(join(folder, SETTINGS_FILE), `${JSON.stringify(content, null, 2)}\n`);
  const log = openRunLog(folder, id, number);
  log.info({ pid: process.pid, label, device }, "claimed");
  return { cell, attemptId, folder, log };
}

/** What of a worker's events is worth a line in the run's log; the numbers are in the database. */
export function logEvent(log: Logger, event: WorkerEvent): void {
  const { type, seq: _, ...fields } = event;
  switch (event.type) {
    case "ready":
      log.info(fields, "worker ready");
      return;
    case "log":
      log[event.level]({ source: "worker" }, event.message);
      return;
    case "started":
    case "change":
    case "artifact":
    case "finished":
    case "stopped":
      log.info(fields, type);
      return;
    case "failed":
    case "out_of_memory":
      log.error(fields, type);
      return;
    default:
      return;
  }
}
