import type { Received } from "../../protocol/lines.js";

/** Carries a worker's events to this process. It does not start or end the worker. */
export interface Transport {
  /**
   * The events in order, each once; reads on when the consumer asks for the next one. Throws a ProtocolError for a line
   * that is not an event. Ends when no more events will come.
   */
  events(): AsyncIterable<Received>;
  /** Tells that the writer is gone: `events` ends after what it has written. */
  writerIsGone(): void;
}
