import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Size } from "../pane.js";
import { patched, type Row, rowOf } from "./cells.js";
import { changes } from "./changes.js";

/** The other screen, no cursor, no wrapping of lines that are too long for a moment, marks around pasted text. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h";
const LEAVE = "\u001b[?2026l\u001b[m\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Terminals that know them show all of a frame at once; the others ignore them. */
const [BEGIN, END] = ["\u001b[?2026h", "\u001b[?2026l"];

/** Milliseconds to wait for a terminal that takes no more. */
const PATIENCE_MS = 1000;

/** A piece of a frame: what to show from a place on, numbered from 0, with SGR codes. */
export interface Patch {
  row: number;
  column: number;
  width: number;
  text: string;
}

/** Draws frames on the terminal's alternate screen, and writes only the cells that changed. */
export class FullScreen {
  /** Written so far. */
  bytes = 0;
  /** What the terminal shows; undefined is not known. */
  #rows: (Row | undefined)[] = [];
  #size: Size = { columns: 0, rows: 0 };
  #up = false;
  #gone = false;
  readonly #write: NodeJS.WriteStream["write"];

  /** `onFree`: the terminal has taken all that was written. */
  constructor(
    readonly out: NodeJS.WriteStream,
    readonly onFree: () => void,
  ) {
    this.#write = out.write.bind(out);
    out.on("error", () => {
      this.#gone = true; // the terminal was closed
    });
  }

  /** Whether the terminal still takes the last frame: another one would only wait in memory. */
  get busy(): boolean {
    return this.out.writableLength > 0;
  }

  get size(): Size {
    return { columns: this.out.columns || 80, rows: this.out.rows || 24 };
  }

  /** `more`: what to write besides, such as a question to the terminal. */
  enter(more = ""): void {
    if (this.#up) return;
    this.#up = true;
    this.forget();
    // A terminal that takes no more (a lost connection) must stop frames, not this thread, which feeds the workers.
    setBlocking(this.out, false);
    this.#send(ENTER + more);
  }

  /** Something else has drawn there: all cells of the next frame are written. */
  forget(): void {
    this.#rows = [];
  }

  /** Shows the patches. After `enter`, `forget` and a resize they have to cover all of the screen. */
  show(patches: readonly Patch[], size: Size): void {
    if (!this.#up) return;
    if (size.columns !== this.#size.columns || size.rows !== this.#size.rows) this.forget();
    this.#size = size;
    const rows = new Map<number, Row>();
    for (const { row, column, width, text } of patches) {
      const before = rows.get(row) ?? this.#rows[row] ?? rowOf("", size.columns);
      rows.set(row, patched(before, column, rowOf(text, width)));
    }
    let out = "";
    for (const [row, cells] of rows) {
      out += changes(this.#rows[row], cells, row + 1);
      this.#rows[row] = cells;
    }
    if (out !== "") this.#send(BEGIN + out + END);
  }

  /** Not drawn anywhere: terminals that don't know it, or don't allow it, ignore it. */
  copy(text: string): void {
    if (this.#up) this.#send(`\u001b]52;c;${Buffer.from(text).toString("base64")}\u0007`);
  }

  /** Waits until the terminal has taken the last frame, so that nothing of it comes after `leave`. */
  async settled(): Promise<void> {
    for (let waited = 0; this.#up && this.busy && !this.#gone && waited < PATIENCE_MS; waited += 10) await sleep(10);
  }

  /** The terminal as it was before. `now`: at once, as the program ends or stops, also before the rest of a frame. */
  leave({ now }: { now: boolean }): void {
    if (!this.#up) return;
    this.#up = false;
    const blockAgain = () => setBlocking(this.out, true);
    if (this.busy && !now) {
      this.#write(LEAVE, blockAgain);
      return;
    }
    if (!this.#gone) this.bytes += writeNow(this.out, LEAVE);
    blockAgain();
  }

  #send(text: string): void {
    if (this.#gone) return;
    this.bytes += Buffer.byteLength(text);
    this.#write(text, this.onFree);
  }
}

/** Node has this only on its inner handle. */
function setBlocking(out: NodeJS.WriteStream, blocking: boolean): void {
  (out as { _handle?: { setBlocking?: (blocking: boolean) => void } })._handle?.setBlocking?.(blocking);
}

/** Writes past the stream, which may still hold a frame. Returns the bytes written. */
function writeNow(out: NodeJS.WriteStream & { fd?: number }, text: string): number {
  const bytes = Buffer.from(text);
  const until = performance.now() + PATIENCE_MS;
  let at = 0;
  while (at < bytes.length && performance.now() < until) {
    try {
      at += writeSync(out.fd ?? 1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") break;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
  return at;
}
