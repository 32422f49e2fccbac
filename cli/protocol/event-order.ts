import { ProtocolError } from "../errors.js";
import type { Command, EventOf, WorkerEvent } from "./messages.js";

/**
 * What one worker may say after what it has said: `ready` first and once, numbers that follow each other, answers to
 * the command that it has, and counts that are those of what has arrived. One for each stream of events.
 */
export class EventOrder {
  #received = 0;
  #ready = false;
  #ended = false;
  /** Of the command that the worker carries out. */
  #request: string | null = null;

  /** A command was sent to the worker. */
  sent(command: Command): void {
    if ("request" in command) this.#request = command.request;
  }

  /** Nothing that was asked is open. */
  get idle(): boolean {
    return this.#request === null;
  }

  /** Throws a ProtocolError for an event that can't follow those before it. */
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
    if (this.#ended) throw new ProtocolError("PROTOCOL_ORDER", `the worker sent ${type} after its last word`);
    this.#received = seq;
  }

  #checkReady({ type }: WorkerEvent): void {
    if (!this.#ready && type !== "ready") {
      throw new ProtocolError("PROTOCOL_NO_READY", `the worker began with "${type}" and not with "ready"`);
    }
    if (this.#ready && type === "ready") throw new ProtocolError("PROTOCOL_ORDER", "the worker said ready twice");
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
