import { ProtocolError } from "../errors.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "./messages.js";

/**
 * Checks the order of one worker's events: `ready` comes first and once, numbers follow each other, answers are to the
 * command that the worker has, and the closing event counts what has arrived. Use one for each stream of events.
 */
export class EventOrder {
  #received = 0;
  #ready = false;
  #ended = false;
  /** The request of the command that the worker carries out. */
  #request: string | null = null;

  /** Notes a command that was sent to the worker. */
  sent(command: WorkerCommand): void {
    if ("request" in command) this.#request = command.request;
  }

  /** Whether the worker has no open request. */
  get idle(): boolean {
    return this.#request === null;
  }

  /** Throws a ProtocolError if the event can't follow those before it. */
  accept(event: WorkerEvent): void {
    this.#checkNumber(event);
    this.#checkReady(event);
    if ("request" in event) this.#checkRequest(event);
    if (event.type === "done" || event.type === "ended") this.#checkCount(event);
    if (event.type === "done") this.#request = null;
    if (event.type === "ended") this.#ended = true;
  }

  #checkNumber({ type, seq }: WorkerEvent): void {
    const expected = this.#received + 1;
    if (seq > expected) {
      const missing = seq - expected;
      const what = missing === 1 ? "one event is missing" : `${missing} events are missing`;
      throw new ProtocolError("PROTOCOL_GAP", `${what}: after event ${this.#received} came event ${seq} (${type})`);
    }
    if (seq < expected) {
      throw new ProtocolError("PROTOCOL_ORDER", `after event ${this.#received} came event ${seq} (${type}) again`);
    }
    if (this.#ended) throw new ProtocolError("PROTOCOL_ORDER", `the worker sent ${type} after its last event`);
    this.#received = seq;
  }

  #checkReady({ type }: WorkerEvent): void {
    if (!this.#ready && type !== "ready") {
      throw new ProtocolError("PROTOCOL_NO_READY", `the worker's first event was "${type}", not "ready"`);
    }
    if (this.#ready && type === "ready") throw new ProtocolError("PROTOCOL_ORDER", "the worker sent ready twice");
    this.#ready = true;
  }

  #checkRequest({ type, request }: { type: string; request: string }): void {
    if (request === this.#request) return;
    const asked = this.#request === null ? "nothing was asked" : `it was asked "${this.#request}"`;
    throw new ProtocolError("PROTOCOL_REQUEST", `the worker sent ${type} for request "${request}", but ${asked}`);
  }

  #checkCount({ type, events }: EventOf<"done" | "ended">): void {
    if (events === this.#received) return;
    throw new ProtocolError(
      "PROTOCOL_GAP",
      `the worker's ${type} says that it has sent ${events} events; ${this.#received} have arrived`,
    );
  }
}
