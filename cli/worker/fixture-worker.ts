import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { WorkerEvent } from "../protocol/messages.js";
import { startWorker, type WorkerOptions } from "./worker-process.js";

/** Tests only: starts one of fixtures/*.py and collects its events. */
export async function startFixture(name: string, options: Partial<WorkerOptions> = {}) {
  const events: WorkerEvent[] = [];
  const logFile = join(tempFolder(), "worker.log");
  const worker = await startWorker({
    commandOverride: ["python3", fixture(name)],
    logFile,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return { worker, events, log: () => readFileSync(logFile, "utf8") };
}

export const fixture = (name: string): string => join(import.meta.dirname, "fixtures", name);

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Resolves as soon as `condition` holds. Has no time limit but the test's. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}
