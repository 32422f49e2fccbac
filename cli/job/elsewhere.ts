import { getAttempts, getRun } from "../store/read.js";
import type { Store } from "../store/store.js";
import { reapLost } from "../store/write.js";
import type { JobModel } from "./model.js";

/**
 * Looks at runs that another process had taken. Notes how those ended that are over, and returns the ids that are
 * free again because that process died or was interrupted: they are this process's to train. A run that `lor2c stop`
 * has stopped stays so.
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
