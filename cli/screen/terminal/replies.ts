/**
 * Answers of the terminal to the questions of background.ts, which arrive among the keys: `ESC ] ... BEL` and
 * `ESC [ ? ... c`.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it finds
const REPLY = /\u001b\](?<answer>[^\u0007\u001b]{0,200})(?:\u0007|\u001b\\)|\u001b\[\?[\d;]{0,40}c/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the beginning of one, at the end of a piece
const BEGINNING = /\u001b(?:\][^\u0007\u001b]{0,200}\u001b?|\[(?:\?[\d;]{0,40})?)?$/;

export class Replies {
  /** The beginning of an answer whose rest has not arrived. */
  #held = "";
  /** Whether an answer to the last question may still come. */
  expected = false;

  /** `tell` gets the answers about the background. */
  constructor(readonly tell: (answer: string) => void) {}

  /** The keys in a piece of input. */
  keysIn(piece: string): string {
    const text = this.#held + piece;
    this.#held = "";
    if (!this.expected) return text;
    const keys = text.replace(REPLY, (...found) => {
      const { answer } = found.at(-1) as { answer?: string };
      if (answer === undefined) this.expected = false;
      else this.tell(answer);
      return "";
    });
    if (!this.expected) return keys;
    this.#held = BEGINNING.exec(keys)?.[0] ?? "";
    return keys.slice(0, keys.length - this.#held.length);
  }

  /** What was held back and turned out to be keys, such as Alt-]. */
  rest(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }
}
