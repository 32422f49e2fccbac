import type { Store } from "../store/store.js";
import { HEARTBEAT_SECONDS, heartbeat } from "../store/write.js";

/** Tells other processes that the attempts in its care are alive. */
export class Heartbeats {
  readonly #attempts = new Set<number>();
  readonly #timer: NodeJS.Timeout;

  /** `onError`: a heartbeat that could not be written is no reason to end a training; several would be a lost lease. */
  constructor(store: Store, onError: (error: Error) => void) {
    this.#timer = setInterval(() => {
      try {
        if (this.#attempts.size > 0) heartbeat(store, [...this.#attempts]);
      } catch (error) {
        onError(error as Error);
      }
    }, HEARTBEAT_SECONDS * 1000);
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
}
