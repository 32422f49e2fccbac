import { getAttempts, getRun } from "../store/read.js";
import type { Store } from "../store/store.js";
import { reapLost } from "../store/write.js";
import type { JobModel } from "./model.js";

/**
 * Checks runs that other processes had claimed. Records how the ended ones ended, and returns the ids of those that are
 * free again, because the process died or was interrupted, for this process to train. Runs that `lor2c stop` stopped
 * stay stopped.
 */
export function settleElsewhere(store: Store, ids: string[], model: JobModel): string[] {
  reapLost(store);
  const free: string[] = [];
  for (const id of ids) {
    if (getRun(store, id)?.running_attempt != null) continue;
    const newest = getAttempts(store, id).at(-1);
    const outcome = newest?.outcome ?? "lost";
    const isWished = outcome === "stopped" && newest?.stop_requested_at !== null;
    if (isWished || outcome === "finished" || outcome === "failed" || outcome === "out_of_memory") {
      model.set([id], outcome);
    } else free.push(id);
  }
  return free;
}
