import type { WorkerEvent } from "../protocol/messages.js";
import type { Settings } from "../spec/cell.js";

/** Runs that one worker trains. Each folder exists, is the attempt's own, and receives the worker's files. */
export interface Bundle {
  /** `resume`: go on from a checkpoint that holds the run, where there is one. */
  cells: { id: string; settings: Settings; folder: string; resume: boolean }[];
  /** Where checkpoints of such runs are; made when needed. */
  checkpoint: string;
  /** Variables of its worker alone, on top of the executor's: what it may see. */
  env?: Record<string, string>;
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

export interface RunningBundle {
  /** Resolves, never rejects, when the worker and every process it started are gone. */
  done: Promise<BundleEnd>;
  /** Asks the worker to stop after its step; by force when it does not. Resolves with `done`. */
  stop(): Promise<void>;
  /** Ends the worker and its children now. */
  kill(): void;
}

/** A place where bundles are trained. All of them pass conformance.test.ts. */
export interface Executor {
  /** For people: where this trains. */
  describe(): string;
  /**
   * Starts one worker. `onEvent` gets its events in their order, none after `done`; an error that it throws ends the
   * bundle like a fault of the worker.
   */
  start(bundle: Bundle, onEvent: (event: WorkerEvent) => void): RunningBundle;
}

/** How workers are started, the same for every executor. */
export interface ExecutorOptions {
  /** Instead of the bundled worker; for tests. */
  commandOverride?: string[];
  /** On top of this process's own variables. */
  env?: Record<string, string | undefined>;
}
