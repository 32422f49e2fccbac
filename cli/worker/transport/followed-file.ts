import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ProtocolError } from "../../errors.js";
import { type Received, readEvents } from "../../protocol/lines.js";
import type { Transport } from "./transport.js";

const CHUNK = 64 * 1024;
/** Milliseconds between two reads. `fs.watch` doesn't notice what another machine writes to a network file system. */
const POLL = 500;

export interface FollowOptions {
  /** Offset after the last line that an earlier reader has handled. */
  offset?: number;
  poll?: number;
}

/**
 * Events that a process writes to the end of a file, perhaps on another machine. An unfinished last line waits for its
 * rest. The file is opened at each read, because an open file may not show what another machine has written since.
 */
export class FollowedFile implements Transport {
  #offset: number;
  readonly #start: number;
  readonly #poll: number;
  #identity: string | undefined;
  readonly #gone = new AbortController();

  constructor(
    private readonly path: string,
    { offset = 0, poll = POLL }: FollowOptions = {},
  ) {
    this.#start = this.#offset = offset;
    this.#poll = poll;
  }

  async *events(): AsyncGenerator<Received> {
    for await (const { event, end } of readEvents(this.#bytes())) yield { event, end: this.#start + end };
  }

  writerIsGone(): void {
    this.#gone.abort();
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const last = this.#gone.signal.aborted; // asked before the read, so that everything written until then is read
      for (let chunk = this.#read(); chunk.length > 0; chunk = this.#read()) yield chunk;
      if (last) return;
      await sleep(this.#poll, undefined, { signal: this.#gone.signal }).catch(() => {});
    }
  }

  #read(): Uint8Array {
    const file = this.#open();
    if (file === undefined) return new Uint8Array();
    try {
      this.#check(file);
      const buffer = Buffer.alloc(CHUNK);
      const length = readSync(file, buffer, 0, CHUNK, this.#offset);
      this.#offset += length;
      return buffer.subarray(0, length);
    } finally {
      closeSync(file);
    }
  }

  /** Undefined if the file does not exist yet. */
  #open(): number | undefined {
    try {
      return openSync(this.path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      if (this.#offset === 0) return undefined;
      throw new ProtocolError("PROTOCOL_FILE_GONE", `${this.path} is gone, of which ${this.#offset} bytes were read`);
    }
  }

  #check(file: number): void {
    const { dev, ino, size } = fstatSync(file, { bigint: true });
    const identity = `${dev}:${ino}`;
    this.#identity ??= identity;
    if (this.#identity !== identity) {
      throw new ProtocolError("PROTOCOL_FILE_REPLACED", `${this.path} is another file than before`);
    }
    if (size < BigInt(this.#offset)) {
      const what = `${this.path} has ${size} bytes, of which ${this.#offset} were read: it was cut`;
      throw new ProtocolError("PROTOCOL_FILE_CUT", what);
    }
  }
}
