import { setTimeout as sleep } from "node:timers/promises";
import { isBusy } from "../store/write.js";

/** Milliseconds between two attempts. */
export const RETRY = 250;
/**
 * The user is told only after another program has locked the database for this many milliseconds; short locks are
 * normal.
 */
const NOTICE = 2000;

/**
 * How a job treats a database that another program has locked: it tries again for as long as that takes, while its
 * workers continue. The user is told once when the wait starts and once when it is over.
 */
export class Patience {
  #since: number | null = null;
  #told = false;

  constructor(
    private readonly tell: (message: string) => void,
    private readonly notice: number = NOTICE,
  ) {}

  /** Tries once. Returns false if another program has locked the database; throws any other error. */
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

  /** Tries until `work` succeeds, and returns its result. Throws the reason of `giveUp` if that is aborted before. */
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

  /** Like `until`, but returns `otherwise` if `giveUp` is aborted before. */
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
    this.tell("another program has locked the database: training continues, and its events wait");
  }

  #free(): void {
    if (this.#told) this.tell("the database is free again: the waiting events are stored now");
    this.#since = null;
    this.#told = false;
  }
}

/** Waits until the next attempt, or until `giveUp` is aborted. */
export async function pause(giveUp: AbortSignal): Promise<void> {
  await sleep(RETRY, undefined, { signal: giveUp }).catch(() => {}); // rejects when aborted, which the caller sees
}
