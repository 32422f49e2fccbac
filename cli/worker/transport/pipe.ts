import type { Readable } from "node:stream";
import { type Received, readEvents } from "../../protocol/lines.js";
import type { Transport } from "./transport.js";

/**
 * How long a pipe may stay silent after its writer's death, because another process may have inherited it and keep it
 * open.
 */
const SILENCE_MS = 2000;

/** Events of a process whose stdout is a pipe to this one. */
export class PipeTransport implements Transport {
  #chunks = 0;
  /** Whether the consumer waits for data. A slow consumer may take any time. */
  #waiting = false;
  #abandoned = false;
  #over = false;

  constructor(private readonly stream: Readable) {}

  events(): AsyncIterable<Received> {
    return readEvents(this.#bytes());
  }

  writerIsGone(): void {
    let before = -1;
    const look = () => {
      if (this.#over) return clearInterval(timer);
      if (this.#waiting && this.#chunks === before) {
        this.#abandoned = true;
        this.stream.destroy();
      }
      before = this.#chunks;
    };
    const timer = setInterval(look, SILENCE_MS);
    look();
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    const chunks = this.stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    try {
      for (;;) {
        this.#waiting = true;
        const next = await chunks.next();
        this.#waiting = false;
        if (next.done) return;
        this.#chunks += 1;
        yield next.value;
      }
    } catch (error) {
      if (!this.#abandoned) throw error;
    } finally {
      this.#over = true;
      this.stream.destroy();
    }
  }
}
