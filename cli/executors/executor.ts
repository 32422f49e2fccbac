import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import type { Settings } from "../spec/cell.js";
import type { Devices } from "../spec/devices.js";
import type { Answer, Question } from "../worker/request.js";
import type { Silence } from "../worker/silence.js";

/** A place for one worker at a time. */
export interface Slot {
  /** `cpu`, or a GPU as the user counts them. */
  device: string;
  /** Variables that make a worker see this device alone; there it is always `cuda:0`. */
  env: Record<string, string>;
}

interface BundleCell {
  id: string;
  settings: Settings;
  /** Of the plan: a worker that finds other rows, weights or another precision trains nothing under this id. */
  fingerprint: Record<string, string>;
  folder: string;
  /** Go on from a checkpoint that holds the run, where there is one. */
  resume: boolean;
}

/** Runs that one worker trains. Each folder exists, is the attempt's own, and receives the worker's files. */
export interface Bundle {
  cells: BundleCell[];
  /** Where checkpoints of such runs are; made when needed. */
  checkpoint: string;
}

export interface BundleEnd {
  /** Ids of the cells that ended without an outcome. */
  open: string[];
  /** What ended the worker, e.g. `WorkerError` or `ProtocolError`; null when it ended as agreed. */
  errorType: string | null;
  /** Why it ended. */
  reason: string;
  /** Last lines of the worker's stderr, without line ends. */
  stderrTail: string[];
}

/**
 * Where a worker is, as its engine knows it. Only its events say how it ended: `gone` without an outcome is lost, and
 * `unknown` means to ask again.
 */
export type Whereabouts = "queued" | "running" | "gone" | "unknown";

/** `position`: bytes of a followed file that are behind the event's line; null where nothing can be read again. */
export type OnEvent = (event: WorkerEvent, position: number | null) => void;

export interface RunningBundle {
  /** Text that finds its worker again from another process; null before there is one. */
  readonly handle: string | null;
  /** Resolves, never rejects, when nothing is trained any more: the worker is gone, or free for the next bundle. */
  done: Promise<BundleEnd>;
  /** Asks the worker to stop after its step; by force when it does not. Resolves with `done`. */
  stop(): Promise<void>;
  /** Asks the worker to stop these runs after its step, each with its outcome, while the others go on. */
  stopCells(cells: readonly string[]): void;
  /** Ends the worker and its children now. */
  kill(): void;
  /** How long its worker has said nothing, and what its process does meanwhile; null before there is one. */
  silence(): Silence | null;
}

interface AskOptions {
  /** Where the worker that answers runs. Default: `auto`. */
  devices?: Devices;
  /** Ends the worker at once; the call then throws. */
  signal?: AbortSignal;
}

/** A place where bundles are trained. All of them pass conformance.test.ts. */
export interface Executor {
  /** For people: where this trains. */
  describe(): string;
  /**
   * Puts a question to one worker on the place where training will be, and ends that worker: a run's id depends on
   * what it is trained on. Throws UsageError for devices that are not there.
   */
  ask(question: Question, options?: AskOptions): Promise<Answer>;
  /**
   * What answers depend on besides the question, the devices and the files that a worker names: equal conditions, equal
   * answers. Without it no answer is kept.
   */
  conditions?(): Promise<unknown>;
  /**
   * Where workers can train at a time: `jobs` on each of the devices, the first slots on different ones. `ready` is
   * what a worker there has said of the place (see `ask`).
   */
  slots(devices: Devices, jobs: number | "auto", ready: EventOf<"ready">): Slot[];
  /**
   * Starts one worker. `onEvent` gets its events in their order, none after `done`; an error that it throws ends the
   * bundle like a fault of the worker.
   */
  start(bundle: Bundle, slot: Slot, onEvent: OnEvent): RunningBundle;
  /**
   * Goes on with a bundle that a process which is gone had started: `onEvent` gets the events behind `position`.
   * Where workers end with whoever started them, it makes sure of that, and the bundle's runs are open.
   */
  attach(handle: string, bundle: Bundle, position: number, onEvent: OnEvent): RunningBundle;
  /** Where the workers with these handles are, in their order. */
  poll(handles: readonly string[]): Promise<Whereabouts[]>;
  /** Asks the worker to end, and ends it by force after the grace. Resolves when it is gone. */
  stop(handle: string, graceSeconds: number): Promise<void>;
  /** Ends workers that wait for a next bundle. Without it they end by themselves after a few seconds. */
  close(): Promise<void>;
}

/** How workers are started, the same for every executor. */
export interface ExecutorOptions {
  /** Instead of the bundled worker; for tests. */
  commandOverride?: string[];
  /** On top of this process's own variables. */
  env?: Record<string, string | undefined>;
}
