import { OUTCOMES, type WorkerEvent } from "../protocol/messages.js";

/** Milliseconds that an event may wait, so that a view of the database is never far behind. */
const FLUSH_AFTER = 200;
/** A flood is stored in parts: memory stays small, and the write lock is free between them. */
const LARGEST_BATCH = 2000;

/**
 * Collects a worker's events and hands them on in batches: after 200 ms, at every outcome, and when there are many.
 * What `store` throws is thrown by the next `add` or `close`, where it reaches whoever feeds the buffer.
 */
export class IngestBuffer {
  #events: WorkerEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #error: unknown;

  constructor(private readonly store: (events: WorkerEvent[]) => void) {}

  add(event: WorkerEvent): void {
    this.#throwIfFailed();
    if (event.type === "progress") return; // for eyes only
    this.#events.push(event);
    const isOutcome = (OUTCOMES as readonly string[]).includes(event.type);
    if (isOutcome || this.#events.length >= LARGEST_BATCH) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flushLater(), FLUSH_AFTER);
  }

  /** Stores what is left. */
  close(): void {
    if (this.#error === undefined) this.#flush();
    clearTimeout(this.#timer);
    this.#throwIfFailed();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.store(events);
  }

  #flushLater(): void {
    try {
      this.#flush();
    } catch (error) {
      this.#error = error;
    }
  }

  #throwIfFailed(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
