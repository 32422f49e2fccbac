import { DIVERGED } from "../protocol/divergence.js";
import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import { TrainingOrder } from "../protocol/training-order.js";
import type { Silence } from "../worker/silence.js";
import { describeExit } from "../worker/start-failure.js";
import type { WorkerEnd } from "../worker/worker-end.js";
import { WorkerLog } from "../worker/worker-log.js";
import type { WorkerProcess } from "../worker/worker-process.js";
import { prepareLog } from "./bundle-log.js";
import type { Bundle, BundleEnd, OnEvent, RunningBundle, Slot } from "./executor.js";
import type { LocalWorkers } from "./local-workers.js";
import { handleOf } from "./process-handle.js";
import { SilenceLimit } from "./silence-limit.js";
import { trainCommand } from "./train-command.js";

/** A bundle in a worker of this machine: one that waits for a bundle, or a new one. */
export class LocalBundle implements RunningBundle {
  readonly done: Promise<BundleEnd>;
  readonly #order: TrainingOrder;
  #log: WorkerLog | undefined;
  readonly #limit = new SilenceLimit();
  #worker: WorkerProcess | undefined;
  #asked: "stop" | "kill" | undefined;
  /** Runs to stop that were named before the worker had its command. */
  #leaving: string[] | null = [];
  /** Whether every run so far has finished or diverged. Only then may the worker train another bundle. */
  #allWell = true;
  #isDone: (event: EventOf<"done">) => void = () => {};

  constructor(
    private readonly bundle: Bundle,
    private readonly slot: Slot,
    private readonly onEvent: OnEvent,
    private readonly workers: LocalWorkers,
  ) {
    this.#order = new TrainingOrder(bundle.cells.map((cell) => cell.id));
    this.done = this.#run();
  }

  get handle(): string | null {
    return this.#worker ? handleOf(this.#worker.pid) : null;
  }

  async stop(): Promise<void> {
    this.#asked ??= "stop";
    await this.#worker?.stop().catch(() => {}); // `done` reports the error
    await this.done;
  }

  stopCells(cells: readonly string[]): void {
    if (this.#leaving) this.#leaving.push(...cells);
    else if (this.#worker?.state === "working") this.#worker.send({ type: "stop", cells: [...cells] });
  }

  kill(): void {
    this.#asked = "kill";
    this.#worker?.kill();
  }

  silence(): Silence | null {
    return this.#worker?.silence() ?? null;
  }

  async #run(): Promise<BundleEnd> {
    try {
      return await this.#train();
    } catch (error) {
      const { name, message } = error as Error;
      await this.#worker?.stop().catch(() => {}); // it rejects with this error, or with a consequence of it
      return this.#end(name, message);
    } finally {
      this.#limit.release();
      this.#log?.close();
    }
  }

  async #train(): Promise<BundleEnd> {
    this.#log = new WorkerLog(prepareLog(this.bundle));
    const worker = await this.#workerFor(this.#log.file);
    this.#limit.watch(worker);
    const done = new Promise<EventOf<"done">>((resolve) => {
      this.#isDone = resolve;
    });
    if (!this.#asked) this.#send(worker, this.#log.file);
    const end = await Promise.race([done, worker.closed]);
    if (!("type" in end)) return this.#describe(end);
    if (end.error === null && this.#allWell && !this.#asked) {
      this.#worker = undefined; // this bundle must not stop it any more
      this.workers.keep(worker, this.slot);
      return this.#end(null, "done");
    }
    await worker.stop();
    return this.#describe(await worker.closed, end.error);
  }

  /** Returns a worker that is ready, or dead if the user has asked to stop meanwhile. */
  async #workerFor(log: string): Promise<WorkerProcess> {
    const waiting = this.workers.take(this.slot);
    if (waiting) {
      this.#worker = waiting;
      waiting.onEvent = (event) => this.#receive(event);
      this.#receive(waiting.ready); // the runs' rows need the handshake: it says where they are trained
      return waiting;
    }
    const worker = await this.workers.spawn(this.slot, log, (event) => this.#receive(event));
    this.#worker = worker;
    if (this.#asked) worker.kill(); // nothing has started, so there is nothing to wait for
    await worker.whenReady.catch((error) => {
      if (!this.#asked) throw error;
    });
    return worker;
  }

  #send(worker: WorkerProcess, log: string): void {
    worker.send(trainCommand(this.bundle, log));
    if (this.#leaving?.length) worker.send({ type: "stop", cells: this.#leaving });
    this.#leaving = null;
  }

  #receive(event: WorkerEvent): void {
    this.#order.accept(event);
    this.onEvent(event, null);
    if (event.type === "failed" && event.error_type !== DIVERGED) this.#allWell = false;
    if (event.type === "out_of_memory" || event.type === "stopped") this.#allWell = false;
    if (event.type === "done") this.#isDone(event);
  }

  #describe(end: WorkerEnd, refusal: string | null = null): BundleEnd {
    const { protocolError } = end;
    if (protocolError) return this.#end(protocolError.name, protocolError.message);
    if (refusal !== null) return this.#end("WorkerError", refusal);
    if (this.#limit.reason) return this.#end("WorkerError", this.#limit.reason);
    if (this.#asked) return this.#end(null, this.#asked === "kill" ? "killed" : "stopped");
    if (this.#order.open.length === 0) return this.#end(null, "done");
    return this.#end("WorkerError", `the worker died (${describeExit(end)})`);
  }

  #end(errorType: string | null, reason: string): BundleEnd {
    return { open: this.#order.open, errorType, reason, stderrTail: this.#log?.tail() ?? [] };
  }
}
