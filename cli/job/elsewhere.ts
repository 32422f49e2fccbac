import { getAttempts, getRun } from "../store/read.js";
import type { Store } from "../store/store.js";
import { reapLost } from "../store/write.js";
import type { JobModel } from "./model.js";

/**
 * Looks at runs that another process had taken. Notes how those ended that are over, and returns the ids that are
 * free again because that process died or was told to stop: they are this process's to train.
 */
export function settleElsewhere(store: Store, ids: string[], model: JobModel): string[] {
  reapLost(store);
  const free: string[] = [];
  for (const id of ids) {
    if (getRun(store, id)?.running_attempt != null) continue;
    const outcome = getAttempts(store, id).at(-1)?.outcome;
    if (outcome === "finished" || outcome === "failed" || outcome === "out_of_memory") model.set([id], outcome);
    else free.push(id);
  }
  return free;
}
