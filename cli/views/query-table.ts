import stringWidth from "string-width";
import type { QueryResult, SqlValue } from "../store/query.js";
import { csvText } from "./parts/csv.js";
import { fitTo } from "./parts/fit.js";
import { jsonText, oneLine, visible } from "./parts/visible.js";

/** The first rows, which decide how wide the columns are; later rows are streamed with these widths. */
const SAMPLE = 500;
/** The widest column; longer values are truncated. `--json` and `--csv` never truncate. */
const WIDEST = 80;
/** How many records become text at once; one by one takes ten times as long. */
const BATCH = 500;
/** Marks a line across the column; no database has this value. */
const RULE = "\u0000rule";

/** An aligned table, line by line, with numbers on the right. */
export function* tableLines({ columns, rows }: QueryResult): Iterable<string> {
  let sample: SqlValue[][] = [];
  let line: ((row: SqlValue[]) => string) | null = null;
  // One loop over all rows: leaving it early also ends the statement, which calling next() would leave open.
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

/** Returns a function that turns a row into a line with widths that fit the sample. */
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

/** CSV with a header record. Lines end in CR LF; the caller adds the LF. Characters are escaped only for a terminal. */
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

/** One array with an object on each line, so that line tools work too. */
export function* jsonLines({ columns, rows }: QueryResult): Iterable<string> {
  let before = "[";
  for (const row of rows) {
    yield before + jsonText(Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])));
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
}

/** Keeps NULL, empty text and the text "NULL" apart. */
function text(value: SqlValue | undefined): string {
  if (value === null || value === undefined) return "NULL";
  const shown = oneLine(String(value));
  return typeof value === "string" && /^"*NULL"*$/.test(shown) ? `"${shown}"` : shown;
}
