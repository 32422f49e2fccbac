import type { Received } from "../../protocol/lines.js";

/** What carries a worker's events here. How its process is started and ended is no concern of it. */
export interface Transport {
  /**
   * The events in their order, each once; reads on when the consumer asks for the next one. Throws a ProtocolError for
   * what is no event. Ends when there will be no more.
   */
  events(): AsyncIterable<Received>;
  /** The writer is gone: `events` ends once what it has written is read. */
  writerIsGone(): void;
}
