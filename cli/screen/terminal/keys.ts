import { emitKeypressEvents } from "node:readline";
import { PassThrough } from "node:stream";
import type { Key } from "../pane.js";

/** `key`: its name (`PASTE` for pasted text); `text`: what it adds to a text that is typed, or nothing. */
export type OnKey = (key: Key, text: string) => void;

/** Name of pasted text, which is no key and must not do what its letters do. */
const PASTE = "paste";

/** Milliseconds after which an escape is the key, and not the beginning of another one. Slow links take some. */
const ESCAPE_MS = 60;

/** What Node says of a key. */
interface Pressed {
  sequence?: string;
  name?: string;
  ctrl?: boolean;
  meta?: boolean;
  shift?: boolean;
}

const NAMES: Readonly<Record<string, string>> = { return: "enter", "`": "space" };
/** Control characters that Node gives no name. */
const UNNAMED: Readonly<Record<string, Key>> = { "\u001c": "ctrl-\\" };

/** Turns what arrives from a terminal in raw mode into keys. */
export class Keys {
  readonly #input = new PassThrough();
  /** Text pasted so far, between the marks that the terminal puts around it. */
  #pasted: string | null = null;

  constructor(readonly onKey: OnKey) {
    const settings = { escapeCodeTimeout: ESCAPE_MS } as unknown as Parameters<typeof emitKeypressEvents>[1];
    emitKeypressEvents(this.#input, settings);
    this.#input.on("keypress", (_, pressed: Pressed) => this.#press(pressed));
  }

  push(text: string): void {
    // Not `write`, which would deliver the keys later.
    this.#input.emit("data", text);
  }

  #press(pressed: Pressed): void {
    if (pressed.name === "paste-start") this.#pasted = "";
    else if (pressed.name === "paste-end") {
      if (this.#pasted) this.onKey(PASTE, this.#pasted);
      this.#pasted = null;
    } else if (this.#pasted !== null) this.#pasted += textOf(pressed);
    else {
      const key = keyOf(pressed);
      if (key) this.onKey(key.name, key.text);
    }
  }
}

/** What a pasted piece adds to a text: line breaks stay, other control characters and sequences do not. */
function textOf({ sequence = "" }: Pressed): string {
  if (sequence === "\r") return "\n";
  return isPrintable(sequence) || /^[\n\t]$/.test(sequence) ? sequence : "";
}

function keyOf({ sequence = "", name, ctrl, meta, shift }: Pressed): { name: Key; text: string } | undefined {
  const unnamed = UNNAMED[sequence];
  if (unnamed) return { name: unnamed, text: "" };
  const printable = !ctrl && !meta && isPrintable(sequence);
  if (printable) return { name: sequence === " " ? "space" : sequence, text: sequence };
  if (name === undefined || name === "undefined") return undefined;
  const plain = NAMES[name] ?? name;
  // A letter with Alt comes with `shift` if it is a capital one.
  const capital = shift && plain.length === 1 ? plain.toUpperCase() : plain;
  const modifiers = [ctrl && "ctrl-", meta && plain !== "escape" && "alt-", shift && plain.length > 1 && "shift-"];
  return { name: `${modifiers.filter(Boolean).join("")}${capital}`, text: "" };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: keys without text are those
const isPrintable = (sequence: string): boolean => sequence !== "" && !/[\u0000-\u001f\u007f-\u009f]/.test(sequence);
