import { setTimeout as sleep } from "node:timers/promises";
import { isBusy } from "../store/write.js";

/** Milliseconds between two tries. */
export const RETRY = 250;
/** Milliseconds that another program may hold the database before that is worth a word: all write for moments. */
const NOTICE = 2000;

/**
 * How a job treats a database that another program holds: it tries again, for as long as that takes, while its workers
 * train on. The user is told once when it begins and once when it is over.
 */
export class Patience {
  #since: number | null = null;
  #told = false;

  constructor(
    private readonly tell: (message: string) => void,
    private readonly notice: number = NOTICE,
  ) {}

  /** One try. False while another program holds the database; any other error is thrown. */
  attempt(work: () => void): boolean {
    try {
      work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      this.#busy();
      return false;
    }
    this.#free();
    return true;
  }

  /** What `work` returns once it succeeds. Throws the reason of `giveUp` when that is aborted before. */
  async until<T>(work: () => T, giveUp: AbortSignal): Promise<T> {
    for (;;) {
      try {
        const result = work();
        this.#free();
        return result;
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
      giveUp.throwIfAborted();
      this.#busy();
      await pause(giveUp);
    }
  }

  /** The same, but `otherwise` when `giveUp` is aborted before. */
  async orElse<T>(work: () => T, giveUp: AbortSignal, otherwise: T): Promise<T> {
    try {
      return await this.until(work, giveUp);
    } catch (error) {
      if (giveUp.aborted && error === giveUp.reason) return otherwise;
      throw error;
    }
  }

  #busy(): void {
    const now = performance.now();
    this.#since ??= now;
    if (this.#told || now - this.#since < this.notice) return;
    this.#told = true;
    this.tell("another program holds the database: training goes on, and what it reports waits");
  }

  #free(): void {
    if (this.#told) this.tell("the database is free again: what has waited is stored now");
    this.#since = null;
    this.#told = false;
  }
}

/** Until the next try, or until nobody wants one. */
export async function pause(giveUp: AbortSignal): Promise<void> {
  await sleep(RETRY, undefined, { signal: giveUp }).catch(() => {}); // rejects when aborted, which the caller sees
}
