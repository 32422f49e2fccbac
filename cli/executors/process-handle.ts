import { setTimeout as sleep } from "node:timers/promises";
import { processLife, processStart } from "../process-identity.js";
import { signalGroup } from "../worker/process-group.js";
import type { Whereabouts } from "./executor.js";

/** Milliseconds between two checks whether a process is gone. */
const LOOK = 50;

/** Identifies the leader of a process group by pid and start time; no later process has both. */
export const handleOf = (pid: number): string => `${pid} ${processStart(pid) ?? "gone"}`;

export const pidOf = (handle: string): number => Number(handle.slice(0, handle.indexOf(" ")));

const lifeOf = (handle: string) => processLife(pidOf(handle), handle.slice(handle.indexOf(" ") + 1));

/** A process that can't be checked counts as running. */
export const isRunning = (handle: string): boolean => lifeOf(handle) !== "dead";

export function pollProcess(handle: string): Whereabouts {
  const life = lifeOf(handle);
  return life === "alive" ? "running" : life === "dead" ? "gone" : "unknown";
}

/** SIGTERM to its group, after the grace SIGKILL; resolves when it is gone. */
export async function stopProcess(handle: string, graceSeconds: number): Promise<void> {
  const end = performance.now() + graceSeconds * 1000;
  if (isRunning(handle) && graceSeconds > 0) signalGroup(pidOf(handle), "SIGTERM");
  while (isRunning(handle)) {
    if (performance.now() >= end) signalGroup(pidOf(handle), "SIGKILL");
    await sleep(LOOK);
  }
}
