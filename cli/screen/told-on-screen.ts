import { writeLine } from "../views/output.js";

/** Of more messages the newest are kept. */
const MOST = 30;

/** Warnings and errors of a job while its screen was up: with the screen they would be gone. */
export class ToldOnScreen {
  readonly #lines = new Map<string, string>();
  #all = 0;

  constructor(
    private readonly now: () => number,
    private readonly write: (line: string) => void = writeLine,
  ) {}

  /** Of equal messages the first stays. */
  add(level: string, text: string): void {
    if (this.#lines.has(text)) return;
    // With its time, because what it says may be over when it is read.
    const clock = new Date(this.now()).toLocaleTimeString("en-GB");
    this.#lines.set(text, `${clock}  ${level}: ${text}`);
    this.#all += 1;
    const [oldest] = this.#lines.keys();
    if (this.#lines.size > MOST && oldest !== undefined) this.#lines.delete(oldest);
  }

  /** Prints what was not printed yet; `besides`: texts that the summary says. */
  print(besides: readonly string[] = []): void {
    for (const text of besides) if (this.#lines.delete(text)) this.#all -= 1;
    const left = this.#all - this.#lines.size;
    if (left > 0) this.write(`(${left} earlier messages are left out)`);
    for (const line of this.#lines.values()) this.write(line);
    this.#lines.clear();
    this.#all = 0;
  }
}
