import { ansiOf } from "./ansi.js";
import { fitLine, type Line } from "./line.js";
import type { Look, Size } from "./pane.js";
import { changedPieces } from "./pieces.js";
import type { Patch } from "./terminal/full-screen.js";

/** Turns frames into patches: what changed since the last frame, with SGR codes. */
export class Painter {
  #shown: Line[] = [];
  #size: Size = { columns: 0, rows: 0 };
  #look: Look | undefined;
  /** The first frame is as it is. Loading Ink and its first layout take longer than all the rest, so they come after it. */
  #layOut = (lines: readonly string[], _columns: number): readonly string[] => lines;
  #begun = false;

  /** What the terminal shows is not known: the next frame is patched whole. */
  forget(): void {
    this.#shown = [];
  }

  patches(lines: readonly Line[], size: Size, look: Look): Patch[] {
    if (size.columns !== this.#size.columns || size.rows !== this.#size.rows || look !== this.#look) this.forget();
    [this.#size, this.#look] = [size, look];
    const next = Array.from({ length: size.rows }, (_, row) => fitLine(lines[row] ?? [], size.columns));
    const pieces = next.flatMap((line, row) =>
      changedPieces(this.#shown[row], line).map((piece) => ({ row, ...piece })),
    );
    this.#shown = next;
    const drawn = this.#layOut(
      pieces.map(({ spans }) => ansiOf(spans, look)),
      size.columns,
    );
    this.#begin();
    return pieces.map(({ row, column, width }, at) => ({ row, column, width, text: drawn[at] ?? "" }));
  }
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    void import("./ink-frames.js").then(({ inkLines }) => {
      this.#layOut = inkLines;
    });
  }
}
