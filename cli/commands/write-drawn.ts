/** Commands whose result has every format: text for people, tables for programs, pictures. */
import type { DataTable } from "../export/data-table.js";
import { jsonText, visible } from "../views/parts/visible.js";
import { outputWidth } from "../views/terminal.js";
import type { DrawnFormat } from "./output-format.js";
import { writeOutput, writePicture, writeTable } from "./write-output.js";

/** How a result becomes each of its formats. What draws it is loaded on demand. */
export interface Drawn {
  json: unknown;
  /** `width` is that of the terminal, null for a file or a pipe. */
  text(width: number | null): Promise<string>;
  table(): Promise<DataTable>;
  svg(): Promise<string>;
  vega(): Promise<object>;
}

export async function writeDrawn(drawn: Drawn, format: DrawnFormat, output: string | undefined): Promise<void> {
  switch (format) {
    case "text":
      return writeOutput(`${visible(await drawn.text(output === undefined ? outputWidth() : null))}\n`, output);
    case "json":
      return writeOutput(`${jsonText(drawn.json, 2)}\n`, output);
    case "vega-lite":
      return writeOutput(`${jsonText(await drawn.vega(), 2)}\n`, output);
    case "svg":
    case "png":
      return writePicture(await drawn.svg(), format, output);
    default:
      return writeTable(await drawn.table(), format, output);
  }
}
