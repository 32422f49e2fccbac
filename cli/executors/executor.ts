import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import type { Settings } from "../spec/cell.js";
import type { Devices } from "../spec/devices.js";
import type { Conversation } from "../worker/conversation.js";
import type { Answer, Question } from "../worker/request.js";
import type { Silence } from "../worker/silence.js";

/** A place for one worker at a time. */
export interface Slot {
  /** `cpu`, or a GPU as the user counts them. */
  device: string;
  /** Variables that make only this device visible to a worker, which always calls it `cuda:0`. */
  env: Record<string, string>;
}

interface BundleCell {
  id: string;
  settings: Settings;
  /** From the plan. A worker that finds other rows, weights or another precision does not train under this id. */
  fingerprint: Record<string, string>;
  folder: string;
  /** Resume from a checkpoint of the run, if there is one. */
  resume: boolean;
}

/** Runs that one worker trains. Each folder exists, belongs to one attempt, and gets the worker's files. */
export interface Bundle {
  cells: BundleCell[];
  /** Folder for the checkpoints of these runs, and for their best adapters until they end; made when needed. */
  checkpoint: string;
  /** Without them a run that stops begins again. */
  writesCheckpoints: boolean;
}

export interface BundleEnd {
  /** Ids of the cells that ended without an outcome. */
  open: string[];
  /** What ended the worker, e.g. `WorkerError` or `ProtocolError`; null if it ended normally. */
  errorType: string | null;
  /** Why the worker ended. */
  reason: string;
  /** Last lines of the worker's stderr, without line ends. */
  stderrTail: string[];
}

/**
 * Where a worker is, as its engine knows it. Only the worker's events say how it ended: a worker that is `gone` without
 * an outcome is lost. `unknown` means to ask again.
 */
export type Whereabouts = "queued" | "running" | "gone" | "unknown";

/** `position`: offset after the event's line in a followed file; null if nothing can be read again. */
export type OnEvent = (event: WorkerEvent, position: number | null) => void;

export interface RunningBundle {
  /** A text with which another process can find the worker; null before there is a worker. */
  readonly handle: string | null;
  /** Resolves when the bundle's training is over: the worker is gone, or free for the next bundle. Never rejects. */
  done: Promise<BundleEnd>;
  /** Asks the worker to stop after its step, and kills it if it does not. Resolves with `done`. */
  stop(): Promise<void>;
  /** Asks the worker to stop these runs after its step, each with its outcome, while the others continue. */
  stopCells(cells: readonly string[]): void;
  /** Ends the worker and its children now. */
  kill(): void;
  /** How long the worker has sent nothing, and what its process is doing; null before there is a worker. */
  silence(): Silence | null;
}

interface AskOptions {
  /** Where the worker that answers runs. Default: `auto`. */
  devices?: Devices;
  /** Ends the worker at once; the call, and an answer that is awaited, then throw. */
  signal?: AbortSignal;
}

/** A place where bundles are trained. All of them pass conformance.test.ts. */
export interface Executor {
  /** Says to people where this executor trains. */
  describe(): string;
  /**
   * Puts a question to a worker on the place where training will be, because a run's id depends on the device. Ends
   * that worker. Throws UsageError for devices that do not exist.
   */
  ask(question: Question, options?: AskOptions): Promise<Answer>;
  /**
   * Starts a worker that answers one command after the other, such as evaluations. Throws UsageError for devices that
   * do not exist.
   */
  converse(place: Devices | Slot, options?: Omit<AskOptions, "devices">): Promise<Conversation>;
  /**
   * What answers depend on besides the question, the devices and the files that a worker names. Equal conditions give
   * equal answers. Without it no answer is kept.
   */
  conditions?(): Promise<unknown>;
  /**
   * Where workers can train at the same time: `jobs` on each device, with the first slots on different devices.
   * `ready` is the handshake of a worker there (see `ask`).
   */
  slots(devices: Devices, jobs: number | "auto", ready: EventOf<"ready">): Slot[];
  /**
   * Starts one worker. `onEvent` gets its events in order, none after `done`. An error that it throws ends the bundle
   * like a fault of the worker.
   */
  start(bundle: Bundle, slot: Slot, onEvent: OnEvent): RunningBundle;
  /**
   * Continues with a bundle that a dead process had started: `onEvent` gets the events after `position`. If workers
   * end with the process that started them, this makes sure of that, and the bundle's runs are open.
   */
  attach(handle: string, bundle: Bundle, position: number, onEvent: OnEvent): RunningBundle;
  /** Returns where the workers with these handles are, in the order of the handles. */
  poll(handles: readonly string[]): Promise<Whereabouts[]>;
  /** Asks the worker to end, and ends it by force after the grace. Resolves when it is gone. */
  stop(handle: string, graceSeconds: number): Promise<void>;
  /** Ends workers that wait for a next bundle. Without it they end on their own after a few seconds. */
  close(): Promise<void>;
}

/** How workers are started, the same for every executor. */
export interface ExecutorOptions {
  /** Command to start instead of the bundled worker, for tests. */
  commandOverride?: string[];
  /** Added to this process's own variables. */
  env?: Record<string, string | undefined>;
}
