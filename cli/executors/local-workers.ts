import type { WorkerEvent } from "../protocol/messages.js";
import { spawnWorker, type WorkerProcess } from "../worker/worker-process.js";
import type { ExecutorOptions, Slot } from "./executor.js";

/** How long a worker waits for the next bundle of its slot. If there is one, it comes at once. */
const IDLE_MS = 3000;

interface Idle {
  worker: WorkerProcess;
  place: string;
  timer: NodeJS.Timeout;
}

/**
 * The workers of one executor. Importing torch takes seconds, so a worker whose bundle went well waits a little for
 * another one with the same environment.
 */
export class LocalWorkers {
  readonly #idle = new Set<Idle>();

  constructor(private readonly options: ExecutorOptions) {}

  /** Takes a worker that waits for a bundle of this slot. */
  take({ env }: Slot): WorkerProcess | undefined {
    const place = placeOf(env);
    for (const entry of this.#idle) {
      if (entry.place !== place) continue;
      this.#forget(entry);
      // Its end may not have reached this process yet.
      if (entry.worker.state === "ready" && entry.worker.silence().process !== "gone") return entry.worker;
    }
    return undefined;
  }

  spawn({ env }: Slot, logFile: string, onEvent: (event: WorkerEvent) => void): Promise<WorkerProcess> {
    return spawnWorker({ ...this.options, env: { ...this.options.env, ...env }, logFile, onEvent });
  }

  /** Keeps a worker whose bundle went well for the next one. */
  keep(worker: WorkerProcess, { env }: Slot): void {
    worker.onEvent = () => {};
    const entry: Idle = {
      worker,
      place: placeOf(env),
      timer: setTimeout(() => {
        this.#forget(entry);
        void end(worker);
      }, IDLE_MS),
    };
    this.#idle.add(entry);
    worker.closed.catch(() => {}).finally(() => this.#forget(entry));
  }

  async close(): Promise<void> {
    const workers = [...this.#idle].map((entry) => {
      this.#forget(entry);
      return entry.worker;
    });
    await Promise.all(workers.map(end));
  }

  #forget(entry: Idle): void {
    clearTimeout(entry.timer);
    this.#idle.delete(entry);
  }
}

const placeOf = (env: Record<string, string>): string => JSON.stringify(Object.entries(env).sort());

/**
 * Kills a waiting worker: it has nothing to save, and stopping one that hangs or is suspended would take the whole
 * grace.
 */
async function end(worker: WorkerProcess): Promise<void> {
  worker.kill();
  await worker.closed.catch(() => {}); // its bundle is over, so errors of its last events do not matter
}
