import type { Store } from "../store/store.js";
import { checkInPlace, HEARTBEAT_SECONDS, heartbeat } from "../store/write.js";
import type { Patience } from "./patience.js";

/** Milliseconds between two checks of the database. */
const LOOK = 1000;

export interface HeartbeatListeners {
  /** Called once if the database is no longer the one that was opened, or has lost an attempt in training. */
  onFault: (error: Error) => void;
  /** Called once for any other error, which is no reason to end a training. */
  onWarning: (error: Error) => void;
}

const FAULTS: ReadonlySet<unknown> = new Set(["DATABASE_REPLACED", "DATABASE_CORRUPT", "ATTEMPT_GONE"]);

/**
 * Renews the heartbeats of the attempts in its care, for other processes, and checks once a second that the database is
 * still there.
 */
export class Heartbeats {
  readonly #attempts = new Set<number>();
  readonly #timer: NodeJS.Timeout;
  #next = 0;
  #failed = false;
  #warned = false;

  constructor(
    private readonly store: Store,
    private readonly patience: Patience,
    private readonly listeners: HeartbeatListeners,
  ) {
    this.#timer = setInterval(() => this.look(), LOOK);
  }

  add(attempt: number): void {
    this.#attempts.add(attempt);
  }

  remove(attempt: number): void {
    this.#attempts.delete(attempt);
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  look(now = performance.now()): void {
    if (this.#attempts.size === 0 || this.#failed) return;
    try {
      checkInPlace(this.store);
      if (now >= this.#next && this.patience.attempt(() => heartbeat(this.store, [...this.#attempts]))) {
        this.#next = now + HEARTBEAT_SECONDS * 1000;
      }
    } catch (error) {
      const fault = FAULTS.has((error as { code?: unknown }).code);
      if (fault) this.listeners.onFault(error as Error);
      else if (!this.#warned) this.listeners.onWarning(error as Error);
      this.#failed ||= fault;
      this.#warned = true;
    }
  }
}
