import { OUTCOMES, type WorkerEvent } from "../protocol/messages.js";
import type { WaitingEvents } from "../store/write.js";
import { type Patience, pause, RETRY } from "./patience.js";

/** Milliseconds that an event may wait, so that the database is never far behind. */
const FLUSH_AFTER = 200;
/** Many events are stored in parts, which limits memory and frees the write lock in between. */
const LARGEST_BATCH = 2000;
/** After so many failed attempts waiting events go to a file, where they survive this process. */
const TRIES_IN_MEMORY = 8;

export interface BufferOptions {
  /** Stores a batch, or throws. */
  store: (events: WorkerEvent[]) => void;
  patience: Patience;
  /** The file in which events wait if that takes longer. */
  waiting: WaitingEvents;
}

/**
 * Collects a worker's events and stores them in batches: after 200 ms, at every outcome, and when there are many. While
 * another program has locked the database they wait in order, first in memory, then in a file. The next `add` or
 * `close` throws any other error of `store`, so that it reaches the caller that feeds the buffer.
 */
export class IngestBuffer {
  #events: WorkerEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #error: unknown;
  /** Failed attempts since the last one that succeeded. */
  #tries = 0;

  constructor(private readonly options: BufferOptions) {}

  add(event: WorkerEvent): void {
    this.#throwIfFailed();
    if (event.type === "progress" || event.type === "device_usage") return; // only shown, not stored as history
    this.#events.push(event);
    const isOutcome = (OUTCOMES as readonly string[]).includes(event.type);
    const many = this.#events.length >= LARGEST_BATCH;
    if (this.#tries > 0) {
      if (many) this.#toFile(); // only the timer tries again, because an attempt may block for a moment
    } else if (isOutcome || many) this.#flush();
    else this.#later(FLUSH_AFTER);
  }

  /** Resolves when everything is stored, or, after `giveUp` is aborted, in the file. Returns how many wait there. */
  async close(giveUp: AbortSignal): Promise<number> {
    for (;;) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#throwIfFailed();
      if (this.#flush()) return 0;
      if (giveUp.aborted) {
        clearTimeout(this.#timer);
        this.#toFile();
        return this.options.waiting.count;
      }
      await pause(giveUp);
    }
  }

  /** Returns false if events still wait. */
  #flush(): boolean {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.options.patience.attempt(() => this.#storeAll())) {
      this.#tries = 0;
      return true;
    }
    this.#tries++;
    if (this.#tries >= TRIES_IN_MEMORY) this.#toFile();
    this.#later(RETRY);
    return false;
  }

  #storeAll(): void {
    this.options.waiting.drain(this.options.store);
    if (this.#events.length > 0) this.options.store(this.#events);
    this.#events = [];
  }

  #toFile(): void {
    if (this.#events.length > 0) this.options.waiting.append(this.#events);
    this.#events = [];
  }

  #later(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      try {
        this.#flush();
      } catch (error) {
        this.#error = error;
      }
    }, milliseconds);
  }

  #throwIfFailed(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
