import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { darkByAnswer } from "./background.js";
import { drainKeys } from "./drain.js";
import { Keys, type OnKey } from "./keys.js";
import { Replies } from "./replies.js";

/** Milliseconds in which the rest of an answer, or the answer, arrives; after that it was a key, or none comes. */
const ANSWER_MS = 150;

/** Reads keys from a terminal: in raw mode, so that they are not echoed, and arrive at once. */
export class Keyboard {
  readonly #keys: Keys;
  readonly #replies: Replies;
  #decoder = new StringDecoder("utf8");
  #late: NodeJS.Timeout | undefined;
  #reading = false;

  /** `onDark`: the terminal answered whether its background is dark. */
  constructor(
    readonly stdin: NodeJS.ReadStream,
    onKey: OnKey,
    onDark: (dark: boolean) => void,
  ) {
    this.#keys = new Keys(onKey);
    this.#replies = new Replies((answer) => {
      const dark = darkByAnswer(answer);
      if (dark !== null) onDark(dark);
    });
    // A terminal that is gone; reading it must not end a job.
    stdin.on("error", () => {});
  }

  /** A question is being asked: its answer is no key. */
  expectAnswer(): void {
    this.#replies.expected = true;
  }

  start(): void {
    if (this.#reading || !this.stdin.isTTY) return;
    this.#reading = true;
    this.stdin.setRawMode(true);
    this.stdin.on("data", this.#onData).resume();
  }

  /** Whoever used the terminal meanwhile may have changed its mode. */
  restart(): void {
    if (!this.#reading) return;
    this.stdin.setRawMode(false);
    this.stdin.setRawMode(true);
  }

  /** Waits a moment for an answer that the shell would get otherwise. */
  async settled(): Promise<void> {
    for (let waited = 0; this.#reading && this.#replies.expected && waited < ANSWER_MS; waited += 10) await sleep(10);
  }

  /** `background`: as a background job, which must not touch the terminal's modes. */
  stop({ background = false } = {}): void {
    if (!this.#reading) return;
    this.#reading = false;
    clearTimeout(this.#late);
    this.stdin.off("data", this.#onData).pause();
    if (background) return;
    drainKeys();
    this.stdin.setRawMode(false);
  }

  readonly #onData = (bytes: Buffer): void => {
    clearTimeout(this.#late);
    this.#keys.push(this.#replies.keysIn(this.#decoder.write(bytes)));
    this.#late = setTimeout(() => this.#keys.push(this.#replies.rest()), ANSWER_MS).unref();
  };
}
