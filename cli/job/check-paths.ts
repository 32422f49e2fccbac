import { ProtocolError } from "../errors.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Job } from "./job.js";

/**
 * Throws a ProtocolError for a path that is not below `runs/`, or that the system refuses. It is checked when the event arrives: found while a batch is
 * stored, it would end the whole job, and take events of other runs with it.
 */
export function checkPaths(event: WorkerEvent, store: Job["store"]): void {
  if (event.type !== "artifact") return;
  try {
    store.results.toStored(event.path);
  } catch (error) {
    const what = `the worker sent artifact (event ${event.seq}) with a path that can't be stored`;
    throw new ProtocolError("PROTOCOL_MEANING", `${what}: ${(error as Error).message}`);
  }
}
