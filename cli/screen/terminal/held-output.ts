/** Characters that are kept; of more the newest. */
const KEPT = 256 * 1024;

type Write = NodeJS.WriteStream["write"];

/**
 * Keeps what the program writes to its terminal while the screen is up, since it would garble the screen. `release`
 * writes it. Streams that are no terminals are left alone.
 */
export class HeldOutput {
  #held: { write: Write; text: string }[] = [];
  #length = 0;
  #left = false;
  #restore: (() => void)[] = [];

  constructor(
    readonly streams: readonly NodeJS.WriteStream[],
    readonly onText: (text: string) => void,
  ) {}

  hold(): void {
    for (const stream of this.streams) {
      if (!stream.isTTY) continue;
      const original = stream.write;
      const write: Write = original.bind(stream);
      stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
        this.#keep(write, typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
        const callback = typeof encoding === "function" ? encoding : done;
        if (typeof callback === "function") process.nextTick(callback);
        return true;
      }) as Write;
      this.#restore.push(() => {
        stream.write = original;
      });
    }
    this.#holdWarnings();
  }

  release(): void {
    for (const restore of this.#restore.splice(0)) restore();
    const held = this.#held.splice(0);
    if (this.#left) held[0]?.write("(earlier messages are left out)\n");
    this.#left = false;
    this.#length = 0;
    for (const { write, text } of held) write(text);
  }

  #keep(write: Write, text: string): void {
    this.#held.push({ write, text });
    this.#length += text.length;
    while (this.#length > KEPT && this.#held.length > 1) {
      this.#length -= this.#held.shift()?.text.length ?? 0;
      this.#left = true;
    }
    this.onText(text);
  }

  /** Node writes its warnings past the streams. */
  #holdWarnings(): void {
    const listeners = process.listeners("warning");
    const keep = (warning: Error) => {
      process.stderr.write(`${warning.name}: ${warning.message}\n`);
    };
    process.removeAllListeners("warning").on("warning", keep);
    this.#restore.push(() => {
      process.off("warning", keep);
      for (const listener of listeners) process.on("warning", listener);
    });
  }
}
