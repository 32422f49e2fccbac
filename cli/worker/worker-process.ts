import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { ProtocolError, WorkerError } from "../errors.js";
import { encodeCommand, readEvents } from "../protocol/lines.js";
import type { Command, EventOf, WorkerEvent } from "../protocol/messages.js";
import { workerEnvironment } from "./environment.js";
import { killLeftovers, signalGroup } from "./process-group.js";
import { findPython, type Python, workerCommand } from "./python.js";
import { startFailure } from "./start-failure.js";
import type { WorkerEnd } from "./worker-end.js";
import { WorkerLog } from "./worker-log.js";

export interface WorkerOptions {
  python?: Python;
  /** Instead of the bundled worker; for the fixtures. */
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
  /** Kills a worker that has not said ready yet; `startWorker` then rejects. Later, stop() and kill() are for that. */
  signal?: AbortSignal;
  /** From SIGTERM to SIGKILL. */
  termGraceSeconds?: number;
}

export type WorkerState = "starting" | "ready" | "stopping" | "closed";

/** How long output may stay silent after the worker's death before whoever holds the pipe is ignored. */
const DRAIN_MS = 2000;

/** Start a worker and wait for its handshake. */
export async function startWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const command = options.commandOverride ?? workerCommand(options.python ?? (await findPython()));
  const log = new WorkerLog(options.logFile);
  const marker = randomUUID();
  const child = spawn(command, log, workerEnvironment(marker, options.env));
  if (child.pid === undefined) {
    const result = await child;
    log.close();
    throw new WorkerError("WORKER_SPAWN", `the worker could not be started: ${result.shortMessage ?? command[0]}`);
  }
  return WorkerProcess.whenReady(new WorkerProcess(child, child.pid, log, marker, options));
}

function spawn([file = "", ...args]: string[], log: WorkerLog, env: Record<string, string | undefined>) {
  return execa(file, args, {
    env,
    stdin: "pipe",
    stdout: "pipe",
    // Any descriptor works here; the type only lists the first ones.
    stderr: log.fd as 3,
    buffer: false,
    reject: false,
    // A group of its own: a signal reaches the worker's children too, and a terminal's Ctrl-C reaches only us.
    detached: true,
    cleanup: false,
    forceKillAfterDelay: false,
  });
}

const living = new Set<WorkerProcess>();
/** A worker ends with its stdin, but one that hangs would not. */
process.on("exit", () => {
  for (const worker of living) worker.kill();
});

export class WorkerProcess {
  state: WorkerState = "starting";
  /** Resolves when the process, its children and its output are gone. Rejects with what `onEvent` threw. */
  readonly closed: Promise<WorkerEnd>;
  private handshake: EventOf<"ready"> | undefined;
  private readonly exited: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>;
  private hasExited = false;
  private protocolError: ProtocolError | undefined;
  private stopping: Promise<void> | undefined;
  private isReady: () => void = () => {};
  private readonly becameReady = new Promise<void>((resolve) => {
    this.isReady = resolve;
  });
  private received = 0;
  private handling = false;
  private failedHandling = false;

  constructor(
    private readonly child: ReturnType<typeof spawn>,
    readonly pid: number,
    private readonly log: WorkerLog,
    readonly marker: string,
    private readonly options: WorkerOptions,
  ) {
    living.add(this);
    // A worker that died can't be written to: its exit, which knows more, is what gets reported.
    child.stdin.on("error", () => {});
    this.exited = new Promise((resolve) => {
      child.once("exit", (exitCode, signal) => {
        this.hasExited = true;
        killLeftovers(pid, marker);
        resolve({ exitCode, signal });
      });
    });
    this.closed = this.live();
    this.closed.catch(() => {});
  }

  get ready(): EventOf<"ready"> {
    if (!this.handshake) throw new WorkerError("WORKER_NOT_READY", "the worker has not said ready");
    return this.handshake;
  }

  /** @internal */
  static async whenReady(worker: WorkerProcess): Promise<WorkerProcess> {
    const { options } = worker;
    const seconds = options.startTimeoutSeconds ?? secondsFrom("LOR2C_START_TIMEOUT_SECONDS", 120);
    const timer = new AbortController();
    const abort = () => worker.kill();
    options.signal?.addEventListener("abort", abort);
    if (options.signal?.aborted) abort();
    const outcome = await Promise.race([
      worker.becameReady.then(() => "ready" as const),
      worker.closed,
      sleep(seconds * 1000, "late" as const, { signal: timer.signal }).catch(() => "late" as const),
    ]);
    timer.abort();
    options.signal?.removeEventListener("abort", abort);
    if (outcome === "ready") return worker;
    worker.kill();
    const end = await worker.closed;
    throw startFailure(end, options.logFile, outcome === "late" ? seconds : undefined);
  }

  send(command: Command): void {
    if (this.state === "closed") throw new WorkerError("WORKER_CLOSED", "the worker has ended");
    this.child.stdin.write(encodeCommand(command));
  }

  /** Message and end of stdin, wait, SIGTERM, wait, SIGKILL; resolves when everything is gone. */
  async stop(): Promise<void> {
    if (this.state === "closed") return;
    this.stopping ??= this.escalate();
    await this.stopping;
  }

  /** At once, with all its children. */
  kill(): void {
    if (!this.hasExited) signalGroup(this.pid, "SIGKILL");
  }

  private async escalate(): Promise<void> {
    this.state = "stopping";
    this.send({ type: "stop" });
    this.child.stdin.end();
    const grace = this.options.stopGraceSeconds ?? secondsFrom("LOR2C_STOP_GRACE_SECONDS", 30);
    if (!(await this.exitsWithin(grace))) {
      signalGroup(this.pid, "SIGTERM");
      if (!(await this.exitsWithin(this.options.termGraceSeconds ?? 10))) this.kill();
    }
    await this.closed;
  }

  private async exitsWithin(seconds: number): Promise<boolean> {
    const timer = new AbortController();
    const late = sleep(seconds * 1000, undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([this.exited, late]);
    timer.abort();
    return this.hasExited;
  }

  private async live(): Promise<WorkerEnd> {
    const pump = this.pump();
    pump.catch(() => {});
    try {
      const exit = await this.exited;
      await this.drained(pump);
      // A process that was killed in the middle of a line broke no rule.
      const cut = exit.signal !== null && this.protocolError?.code === "PROTOCOL_HALF_LINE";
      const protocolError = cut ? undefined : this.protocolError;
      return { ...exit, stderrTail: this.log.tail(), ...(protocolError && { protocolError }) };
    } finally {
      this.state = "closed";
      living.delete(this);
      this.log.close();
    }
  }

  /** The events, until the output ends or breaks the protocol. */
  private async pump(): Promise<void> {
    try {
      for await (const event of readEvents(this.child.stdout)) {
        this.checkOrder(event);
        await this.handle(event);
      }
      // It can't say anything any more: don't let it work on for nobody.
      if (!this.hasExited) void this.stop();
    } catch (error) {
      this.kill();
      if (this.failedHandling) throw error;
      if (error instanceof ProtocolError) this.protocolError = error;
      // Everything else is the stream's complaint that drained() closed it.
    }
  }

  private async handle(event: WorkerEvent): Promise<void> {
    this.received += 1;
    this.handling = true;
    try {
      await this.options.onEvent(event);
    } catch (error) {
      this.failedHandling = true;
      throw error;
    } finally {
      this.handling = false;
    }
  }

  private checkOrder(event: WorkerEvent): void {
    if (this.handshake) return;
    if (event.type !== "ready") {
      throw new ProtocolError("PROTOCOL_NO_READY", `the worker began with "${event.type}" and not with "ready"`);
    }
    this.handshake = event;
    if (this.state === "starting") this.state = "ready";
    this.isReady();
  }

  /** Wait for the rest of the output; a slow consumer has all the time, a silent holder of the pipe has not. */
  private async drained(pump: Promise<void>): Promise<void> {
    let done = false;
    const finished = pump.finally(() => {
      done = true;
    });
    for (let before = -1; !done; before = this.received) {
      const timer = new AbortController();
      await Promise.race([finished, sleep(DRAIN_MS, undefined, { signal: timer.signal }).catch(() => {})]);
      timer.abort();
      if (!done && !this.handling && this.received === before) this.child.stdout.destroy();
    }
    await finished;
  }
}

function secondsFrom(name: string, fallback: number): number {
  const value = Number(process.env[name]);
  return process.env[name] && Number.isFinite(value) && value > 0 ? value : fallback;
}
