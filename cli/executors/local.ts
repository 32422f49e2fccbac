import { symlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { WORKER_LOG } from "../attempt-files.js";
import type { WorkerEvent } from "../protocol/messages.js";
import { TrainingOrder } from "../protocol/training-order.js";
import { request } from "../worker/request.js";
import { describeExit } from "../worker/start-failure.js";
import type { WorkerEnd } from "../worker/worker-end.js";
import { spawnWorker, type WorkerProcess } from "../worker/worker-process.js";
import type { Bundle, BundleEnd, Executor, ExecutorOptions, RunningBundle, Slot } from "./executor.js";
import { askOn, deviceNames, slotsOn } from "./local-devices.js";
import { jobsPerDevice } from "./local-jobs.js";

const REQUEST = "train";

/** One worker process on this machine per bundle. */
export function createLocal(options: ExecutorOptions = {}): Executor {
  const outer = { ...process.env, ...options.env };
  return {
    describe: () => "this machine",
    ask: (question, { devices = "auto", signal } = {}) =>
      askOn(devices, outer, (env, whole) => {
        const asked = whole ? question : { type: "inspect" as const, request: question.request, settings: [] };
        return request(asked, { ...options, env: { ...options.env, ...env }, ...(signal && { signal }) });
      }),
    slots: (devices, jobs, ready) => {
      const machine = { cores: availableParallelism(), freeMemory: process.availableMemory() };
      const perDevice = jobsPerDevice(jobs, { device: ready.device.name, ...machine });
      return slotsOn(devices, deviceNames(devices, ready.gpus), perDevice, outer);
    },
    start: (bundle, slot, onEvent) => new LocalBundle(bundle, slot, onEvent, options),
  };
}

class LocalBundle implements RunningBundle {
  readonly done: Promise<BundleEnd>;
  readonly #order: TrainingOrder;
  #worker: WorkerProcess | undefined;
  #asked: "stop" | "kill" | undefined;
  #refusal: string | null = null;

  constructor(
    private readonly bundle: Bundle,
    private readonly slot: Slot,
    private readonly onEvent: (event: WorkerEvent) => void,
    options: ExecutorOptions,
  ) {
    this.#order = new TrainingOrder(bundle.cells.map((cell) => cell.id));
    this.done = this.#train(options).catch((error: Error) => this.#end(error.name, error.message));
  }

  async stop(): Promise<void> {
    this.#asked ??= "stop";
    await this.#worker?.stop().catch(() => {}); // what it rejects with, `done` says
    await this.done;
  }

  kill(): void {
    this.#asked = "kill";
    this.#worker?.kill();
  }

  async #train(options: ExecutorOptions): Promise<BundleEnd> {
    const log = prepareLog(this.bundle);
    const worker = await spawnWorker({
      ...options,
      env: { ...options.env, ...this.slot.env },
      logFile: log,
      onEvent: (event) => this.#receive(event),
    });
    this.#worker = worker;
    if (this.#asked) worker.kill(); // nothing has begun that would be worth waiting for
    try {
      await worker.whenReady;
    } catch (error) {
      if (!this.#asked) throw error;
    }
    if (!this.#asked) {
      const cells = this.bundle.cells.map(({ id, settings, folder, resume }) => ({
        cell: id,
        settings: { ...settings },
        folder,
        resume,
      }));
      worker.send({ type: "train", request: REQUEST, cells, checkpoint: this.bundle.checkpoint, log });
    }
    return this.#describe(await worker.closed);
  }

  #receive(event: WorkerEvent): void {
    this.#order.accept(event);
    this.onEvent(event);
    if (event.type !== "done" || event.request !== REQUEST) return;
    this.#refusal = event.error;
    this.#worker?.stop().catch(() => {}); // as above
  }

  #describe(end: WorkerEnd): BundleEnd {
    const { protocolError, stderrTail } = end;
    if (protocolError) return this.#end(protocolError.name, protocolError.message, stderrTail);
    if (this.#refusal !== null) return this.#end("WorkerError", this.#refusal, stderrTail);
    if (this.#asked) return this.#end(null, this.#asked === "kill" ? "killed" : "stopped", stderrTail);
    if (this.#order.open.length === 0) return this.#end(null, "done", stderrTail);
    return this.#end("WorkerError", `the worker died (${describeExit(end)})`, stderrTail);
  }

  #end(errorType: string | null, reason: string, stderrTail: string[] = []): BundleEnd {
    return { open: this.#order.open, errorType, reason, stderrTail };
  }
}

/** The first cell's folder has the file, the others a link to it: the worker has one stderr. */
function prepareLog({ cells }: Bundle): string {
  const [first, ...others] = cells;
  if (!first) throw new Error("a bundle without cells");
  const file = join(first.folder, WORKER_LOG);
  for (const { folder } of others) symlinkSync(relative(folder, file), join(folder, WORKER_LOG));
  return file;
}
