import { OUTCOMES, type WorkerEvent } from "../protocol/messages.js";
import type { WaitingEvents } from "../store/write.js";
import { type Patience, pause, RETRY } from "./patience.js";

/** Milliseconds that an event may wait, so that a view of the database is never far behind. */
const FLUSH_AFTER = 200;
/** A flood is stored in parts: memory stays small, and the write lock is free between them. */
const LARGEST_BATCH = 2000;
/** Tries in vain after which waiting events go to a file, where they survive this process. */
const TRIES_IN_MEMORY = 8;

export interface BufferOptions {
  /** Stores a batch, or throws. */
  store: (events: WorkerEvent[]) => void;
  patience: Patience;
  /** Where events wait when it takes longer. */
  waiting: WaitingEvents;
}

/**
 * Collects a worker's events and hands them on in batches: after 200 ms, at every outcome, and when there are many.
 * While another program holds the database they wait in their order, in memory and then in a file. What else `store`
 * throws is thrown by the next `add` or `close`, where it reaches whoever feeds the buffer.
 */
export class IngestBuffer {
  #events: WorkerEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #error: unknown;
  /** In vain, since the last one that succeeded. */
  #tries = 0;

  constructor(private readonly options: BufferOptions) {}

  add(event: WorkerEvent): void {
    this.#throwIfFailed();
    if (event.type === "progress") return; // for eyes only
    this.#events.push(event);
    const isOutcome = (OUTCOMES as readonly string[]).includes(event.type);
    const many = this.#events.length >= LARGEST_BATCH;
    if (this.#tries > 0) {
      if (many) this.#toFile(); // only the timer tries again: a try may block for a moment
    } else if (isOutcome || many) this.#flush();
    else this.#later(FLUSH_AFTER);
  }

  /** Resolves when everything is stored, or else, once `giveUp` is aborted, in the file: with how many wait there. */
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

  /** False when events still wait. */
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
