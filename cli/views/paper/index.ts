import type { MeasuredTable } from "../../paper/measured-table.js";
import { paperCsv } from "./csv.js";
import { paperLatex } from "./latex.js";
import { paperMarkdown } from "./markdown.js";
import { paperText } from "./text.js";

/** `width` is that of the terminal, null for a file or a pipe. Only the text format uses it. */
export const PAPER_FORMATS = {
  text: (table: MeasuredTable, width: number | null) => paperText(table, width),
  markdown: (table: MeasuredTable, _width: number | null) => paperMarkdown(table),
  latex: (table: MeasuredTable, _width: number | null) => paperLatex(table),
  csv: (table: MeasuredTable, _width: number | null) => paperCsv(table),
  json: (table: MeasuredTable, _width: number | null) => JSON.stringify(table, null, 2),
} satisfies Record<string, (table: MeasuredTable, width: number | null) => string>;
