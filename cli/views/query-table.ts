import stringWidth from "string-width";
import type { QueryResult, SqlValue } from "../store/query.js";
import { csvText } from "./parts/csv.js";
import { fitTo } from "./parts/fit.js";
import { jsonText, oneLine, visible } from "./parts/visible.js";

/** Rows that decide how wide the columns are; later ones stream past with these widths. */
const SAMPLE = 500;
/** Widest column; a longer value is cut. `--json` and `--csv` never cut. */
const WIDEST = 80;
/** Records that become text at once: one by one takes ten times as long. */
const BATCH = 500;
/** Stands for a line across the column; no value of a database. */
const RULE = "\u0000rule";

/** An aligned table, line by line. Numbers on the right. */
export function* tableLines({ columns, rows }: QueryResult): Iterable<string> {
  let sample: SqlValue[][] = [];
  let line: ((row: SqlValue[]) => string) | null = null;
  // One loop over all rows: leaving it early also ends the statement, which a hand-made iteration would leave open.
  for (const row of rows) {
    if (line) {
      yield line(row);
      continue;
    }
    sample.push(row);
    if (sample.length < SAMPLE) continue;
    line = layout(columns, sample);
    yield* head(columns, sample, line);
    sample = [];
  }
  if (!line) yield* head(columns, sample, layout(columns, sample));
}

function* head(columns: string[], sample: SqlValue[][], line: (row: SqlValue[]) => string): Iterable<string> {
  yield line(columns);
  yield line(columns.map(() => RULE));
  for (const row of sample) yield line(row);
}

/** Turns a row into a line whose widths fit the sample. */
function layout(columns: string[], sample: SqlValue[][]): (row: SqlValue[]) => string {
  const heads = columns.map((name, index) => ({
    align: sample.some((row) => typeof row[index] === "number") ? ("right" as const) : ("left" as const),
    width: Math.min(WIDEST, Math.max(stringWidth(name), ...sample.map((row) => stringWidth(text(row[index]))))),
  }));
  return (row) =>
    heads
      .map(({ width, align }, index) =>
        row[index] === RULE ? "─".repeat(width) : fitTo(text(row[index]), width, align),
      )
      .join("  ")
      .trimEnd();
}

/** With a header record, and line ends of CR LF, of which the writer adds the LF. As it is, but on a terminal. */
export function* csvLines({ columns, rows }: QueryResult, terminal = false): Iterable<string> {
  const textOf = (records: SqlValue[][]) => {
    const text = csvText(records).slice(0, -1);
    return terminal ? text.split("\r").map(visible).join("\r") : text;
  };
  let batch: SqlValue[][] = [columns];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield textOf(batch);
    batch = [];
  }
  if (batch.length > 0) yield textOf(batch);
}

/** One array; an object a line, so that it can also be cut and searched by line. */
export function* jsonLines({ columns, rows }: QueryResult): Iterable<string> {
  let before = "[";
  for (const row of rows) {
    yield before + jsonText(Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])));
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
}

/** NULL is not empty text, and text that says NULL is not NULL. */
function text(value: SqlValue | undefined): string {
  if (value === null || value === undefined) return "NULL";
  const shown = oneLine(String(value));
  return typeof value === "string" && /^"*NULL"*$/.test(shown) ? `"${shown}"` : shown;
}
