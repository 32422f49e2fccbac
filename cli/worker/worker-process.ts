import { ProtocolError, WorkerError } from "../errors.js";
import { EventOrder } from "../protocol/event-order.js";
import { encodeCommand } from "../protocol/lines.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { workerEnvironment } from "./environment.js";
import { type ProcessTree, startProcess } from "./process-tree.js";
import { findPython, type Python, workerCommand } from "./python.js";
import { type Silence, SilenceWatch } from "./silence.js";
import { startFailure } from "./start-failure.js";
import { PipeTransport } from "./transport/pipe.js";
import type { Transport } from "./transport/transport.js";
import type { WorkerEnd } from "./worker-end.js";
import { WorkerLog } from "./worker-log.js";
import type { WorkerState } from "./worker-state.js";

export interface WorkerOptions {
  python?: Python;
  /** WorkerCommand to start instead of the bundled worker, for fixtures. */
  commandOverride?: string[];
  /** Takes the worker's stderr. */
  logFile: string;
  env?: Record<string, string | undefined>;
  /** Called for one event after the other; while a returned promise is open, the worker's output waits. */
  onEvent: (event: WorkerEvent) => void | Promise<void>;
  /** Default: LOR2C_START_TIMEOUT_SECONDS, else 120. */
  startTimeoutSeconds?: number;
  /** From the stop message to SIGTERM. Default: LOR2C_STOP_GRACE_SECONDS, else 30. */
  stopGraceSeconds?: number;
  /** Kills a worker that is not ready yet; `startWorker` then rejects. Use stop() and kill() later. */
  signal?: AbortSignal;
  /** From SIGTERM to SIGKILL. */
  termGraceSeconds?: number;
}

/** Starts a worker and waits for its handshake. */
export async function startWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const worker = await spawnWorker(options);
  await worker.whenReady;
  return worker;
}

/** Starts a worker. It can be stopped and killed before it is ready. */
export async function spawnWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const python = options.commandOverride ? undefined : (options.python ?? (await findPython()));
  const command = options.commandOverride ?? workerCommand(python as Python);
  const outer = { ...process.env, ...options.env };
  const environment = (marker: string) => workerEnvironment(marker, python?.usersOwn ?? false, outer);
  const log = new WorkerLog(options.logFile);
  try {
    return new WorkerProcess(await startProcess(command, log.fd, environment), log, options);
  } catch (error) {
    log.close();
    throw error;
  }
}

export class WorkerProcess {
  /** Resolves with the handshake; rejects if the worker ends before it. */
  readonly whenReady: Promise<EventOf<"ready">>;
  /** Resolves when the process, its children and its output are gone. Rejects with what `onEvent` threw. */
  readonly closed: Promise<WorkerEnd>;
  /** Gets the events. Starts as the one of the options; the next bundle replaces it. */
  onEvent: WorkerOptions["onEvent"];
  #state: WorkerState = "starting";
  #handshake: EventOf<"ready"> | undefined;
  #isReady: (event: EventOf<"ready">) => void = () => {};
  #lateAfter: number | undefined;
  #protocolError: ProtocolError | undefined;
  #stopping: Promise<void> | undefined;
  readonly #transport: Transport;
  readonly #order = new EventOrder();
  readonly #silence: SilenceWatch;

  constructor(
    private readonly tree: ProcessTree,
    private readonly log: WorkerLog,
    private readonly options: WorkerOptions,
  ) {
    this.onEvent = options.onEvent;
    this.#silence = new SilenceWatch(tree.pid);
    this.#transport = new PipeTransport(tree.stdout);
    this.closed = this.#live();
    this.whenReady = this.#start();
    this.whenReady.catch(() => {});
  }

  get state(): WorkerState {
    return this.#state;
  }

  get pid(): number {
    return this.tree.pid;
  }

  /** The marker in the environment of the worker and of all that it starts. */
  get marker(): string {
    return this.tree.marker;
  }

  get ready(): EventOf<"ready"> {
    if (!this.#handshake) throw new WorkerError("WORKER_NOT_READY", "the worker has not said ready");
    return this.#handshake;
  }

  send(command: WorkerCommand): void {
    if (this.#state === "ended") throw new WorkerError("WORKER_CLOSED", "the worker has ended");
    this.#order.sent(command);
    if ("request" in command && this.#state === "ready") this.#state = "working";
    this.tree.stdin.write(encodeCommand(command));
  }

  /** How long it has sent nothing, and what its process is doing. */
  silence(): Silence {
    return this.#silence.look();
  }

  /**
   * Sends stop, ends stdin once it is done, waits, sends SIGTERM, waits, sends SIGKILL. Resolves when everything is
   * gone.
   */
  async stop(): Promise<void> {
    if (this.#state === "ended") return;
    this.#stopping ??= this.#escalate();
    await this.#stopping;
  }

  /** Kills the worker and all its children at once, in every state. */
  kill(): void {
    if (this.#state === "ended") return;
    this.#state = "killed";
    this.tree.signal("SIGKILL");
  }

  async #start(): Promise<EventOf<"ready">> {
    const { startTimeoutSeconds, signal, logFile } = this.options;
    const seconds = startTimeoutSeconds ?? secondsFrom("LOR2C_START_TIMEOUT_SECONDS", 120);
    const timer = setTimeout(() => {
      this.#lateAfter = seconds;
      this.kill();
    }, seconds * 1000);
    const abort = () => this.kill();
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    const ready = new Promise<EventOf<"ready">>((resolve) => {
      this.#isReady = resolve;
    });
    try {
      const outcome = await Promise.race([ready, this.closed]);
      if ("type" in outcome) return outcome;
      throw startFailure(outcome, logFile, this.#lateAfter);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  async #escalate(): Promise<void> {
    if (this.#state === "starting" || this.#state === "killed") this.kill();
    else await this.#askToEnd();
    await this.closed;
  }

  async #askToEnd(): Promise<void> {
    this.#state = "stopping";
    this.send({ type: "stop", cells: null });
    // The end of stdin leaves a worker little time, as if its runner had died, so a working one gets it after its
    // `done`.
    if (this.#order.idle) this.tree.stdin.end();
    if (await this.tree.exitsWithin(this.options.stopGraceSeconds ?? secondsFrom("LOR2C_STOP_GRACE_SECONDS", 30)))
      return;
    this.tree.signal("SIGTERM");
    if (!(await this.tree.exitsWithin(this.options.termGraceSeconds ?? 10))) this.kill();
  }

  async #live(): Promise<WorkerEnd> {
    const pump = this.#pump();
    pump.catch(() => {});
    try {
      const exit = await this.tree.exited;
      this.#transport.writerIsGone();
      await pump;
      // A process that was killed within a line did not break the protocol.
      const cut = exit.signal !== null && this.#protocolError?.code === "PROTOCOL_HALF_LINE";
      const protocolError = cut ? undefined : this.#protocolError;
      return { ...exit, stderrTail: this.log.tail(), ...(protocolError && { protocolError }) };
    } finally {
      this.#state = "ended";
      this.log.close();
    }
  }

  /** Reads events until the output ends or breaks the protocol. Throws what the consumer throws. */
  async #pump(): Promise<void> {
    try {
      for await (const { event } of this.#transport.events()) {
        this.#order.accept(event);
        this.#note(event);
        await this.onEvent(event);
      }
    } catch (error) {
      this.kill();
      if (!(error instanceof ProtocolError)) throw error;
      this.#protocolError = error;
    }
    // No more of its events can be read, so end the worker.
    this.tree.stdin.end();
    if (!this.tree.hasExited) void this.stop().catch(() => {}); // `closed` reports the error
  }

  #note(event: WorkerEvent): void {
    if (event.type !== "device_usage") this.#silence.heard(); // a thread of its own sends these, whatever the work does
    if (event.type === "ready") {
      this.#handshake = event;
      if (this.#state === "starting") this.#state = "ready";
      this.#isReady(event);
    }
    if (event.type !== "done") return;
    if (this.#state === "working") this.#state = "ready";
    if (this.#state === "stopping") this.tree.stdin.end();
  }
}

function secondsFrom(name: string, fallback: number): number {
  const value = Number(process.env[name]);
  return process.env[name] && Number.isFinite(value) && value > 0 ? value : fallback;
}
