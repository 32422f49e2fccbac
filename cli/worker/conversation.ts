import { join } from "node:path";
import { WorkerError } from "../errors.js";
import { discard } from "../files.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { makeTemporaryFolder } from "../temporary.js";
import { findPython } from "./python.js";
import { describeExit } from "./start-failure.js";
import { waitsFor } from "./wait.js";
import type { WorkerEnd } from "./worker-end.js";
import { startWorker, type WorkerOptions, type WorkerProcess } from "./worker-process.js";

export interface ConversationOptions extends Pick<WorkerOptions, "python" | "commandOverride" | "env"> {
  /** Kills the worker at once; the call, and the answer that is awaited, then reject with its reason. */
  signal?: AbortSignal | undefined;
  /** Gets the handshake and all that is said between answers, too. */
  onEvent?: ((event: WorkerEvent) => void) | undefined;
}

/** Parts of an answer that are shown as they arrive, so that nobody waits any more. */
const SHOWN: ReadonlySet<WorkerEvent["type"]> = new Set(["predicting", "evaluating", "evaluated", "generated"]);

/** A worker that answers one command after the other, and does not train. */
export class Conversation {
  /** Why the worker was killed, if somebody did that and knows. */
  reasonOfDeath: () => string | null = () => null;
  #answer: ((done: EventOf<"done">) => void) | undefined;
  #request: string | undefined;
  #hear: ((event: WorkerEvent) => void) | undefined;

  private constructor(
    private readonly worker: WorkerProcess,
    private readonly folder: string,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Starts a worker and waits for its handshake. */
  static async open({ signal, onEvent, ...rest }: ConversationOptions = {}): Promise<Conversation> {
    signal?.throwIfAborted();
    const python = rest.commandOverride ? undefined : (rest.python ?? (await findPython()));
    const folder = makeTemporaryFolder("lor2c-worker-");
    let opened: Conversation | undefined;
    const hear = (event: WorkerEvent) => {
      onEvent?.(event);
      opened?.receive(event);
    };
    const logFile = join(folder, "worker.log");
    waitsFor({ kind: "start" });
    const worker = await startWorker({ ...rest, ...(signal && { signal }), python, logFile, onEvent: hear }).catch(
      (error) => {
        waitsFor(null);
        // The error names the log, so the folder stays, unless the call was aborted.
        if (signal?.aborted) discard(folder);
        signal?.throwIfAborted();
        throw error;
      },
    );
    waitsFor(null);
    opened = new Conversation(worker, folder, signal);
    return opened;
  }

  get ready(): EventOf<"ready"> {
    return this.worker.ready;
  }

  /** Whether the worker takes another command. */
  get alive(): boolean {
    return this.worker.state === "ready";
  }

  /**
   * Sends a command. Resolves when it is done; `onEvent` gets the events that answer it. Throws a WorkerError if the
   * worker refuses or dies, a ProtocolError, or what `onEvent` throws.
   */
  async ask(
    command: WorkerCommand & { request: string },
    onEvent: (event: WorkerEvent) => void = () => {},
  ): Promise<void> {
    const done = new Promise<EventOf<"done">>((resolve) => {
      this.#answer = resolve;
    });
    this.#request = command.request;
    this.#hear = onEvent;
    const abort = () => this.kill();
    this.signal?.addEventListener("abort", abort);
    try {
      if (this.signal?.aborted) abort();
      else {
        waitsFor({ kind: "answer", to: command.type });
        this.worker.send(command);
      }
      const end = await Promise.race([done, this.worker.closed]);
      this.signal?.throwIfAborted();
      if (!("type" in end)) throw this.#deathOf(end, command.type);
      if (end.error !== null) throw new WorkerError("WORKER_REFUSED", end.error, undefined, 2);
    } finally {
      this.signal?.removeEventListener("abort", abort);
      this.#hear = undefined;
      waitsFor(null);
    }
  }

  /** How long the worker has sent nothing, and what its process is doing. */
  silence(): ReturnType<WorkerProcess["silence"]> {
    return this.worker.silence();
  }

  /** Asks the worker to end what it does. The open answer still comes; by force if that takes too long. */
  async stop(): Promise<void> {
    await this.worker.stop();
  }

  kill(): void {
    this.worker.kill();
  }

  /** Ends the worker. */
  async close(): Promise<void> {
    await this.worker.stop();
    discard(this.folder);
  }

  private receive(event: WorkerEvent): void {
    if (event.type === "doing") waitsFor({ kind: "doing", what: event.what, of: event.of });
    else if (SHOWN.has(event.type)) waitsFor(null);
    this.#hear?.(event);
    if (event.type === "done" && event.request === this.#request) this.#answer?.(event);
  }

  #deathOf(end: WorkerEnd, what: string): WorkerError {
    const killed = this.reasonOfDeath();
    const reason = end.protocolError?.message ?? killed ?? `the worker died during ${what} (${describeExit(end)})`;
    const lines = end.stderrTail.map((line) => `  ${line}`);
    return new WorkerError(
      end.protocolError?.code ?? "WORKER_DIED",
      [reason, ...lines].join("\n"),
      end.protocolError?.hint,
    );
  }
}
