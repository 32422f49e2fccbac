import stringWidth from "string-width";
import type { QueryResult, SqlValue } from "../store/query.js";
import { csvText } from "./parts/csv.js";
import { type Fact, facts } from "./parts/facts.js";
import { fitTo } from "./parts/fit.js";
import { prose } from "./parts/prose.js";
import { shrink } from "./parts/table.js";
import { jsonText, oneLine, visible } from "./parts/visible.js";

/** The first rows, which decide how wide the columns are; later rows are streamed with these widths. */
const SAMPLE = 500;
/** The widest column; longer values are truncated. `--vertical`, `--json` and `--csv` never truncate. */
const WIDEST = 80;
/** What a text keeps where the table is too wide: enough for a label; then columns are left out. */
const LEAST = 24;
/** How many records become text at once; one by one takes ten times as long. */
const BATCH = 500;
/** Marks a line across the column; no database has this value. */
const RULE = "\u0000rule";

/**
 * An aligned table, line by line, with numbers on the right. Where it is wider than `width`, the widest texts are cut,
 * then the last columns are left out, which a last line names; a single row becomes a block instead. Null is as wide as
 * needed.
 */
export function* queryTable({ columns, rows }: QueryResult, width: number | null): Iterable<string> {
  let sample: SqlValue[][] = [];
  let shown: Layout | null = null;
  // One loop over all rows: leaving it early also ends the statement, which calling next() would leave open.
  for (const row of rows) {
    if (shown) {
      yield shown.line(row);
      continue;
    }
    sample.push(row);
    if (sample.length < SAMPLE) continue;
    shown = layout(columns, sample, width);
    yield* head(columns, sample, shown);
    sample = [];
  }
  if (!shown) {
    shown = layout(columns, sample, width);
    const [only] = sample;
    if (only && sample.length === 1 && !shown.whole) return yield* block(columns, only, width);
    yield* head(columns, sample, shown);
  }
  const left = columns.slice(shown.columns);
  if (left.length > 0) yield* prose(`left out: ${left.join(", ")} (--vertical shows all)`, width);
}

/** A block of `column  value` lines for each row. No value is cut. */
export function* queryBlocks({ columns, rows }: QueryResult, width: number | null): Iterable<string> {
  let between = false;
  for (const row of rows) {
    if (between) yield "";
    between = true;
    yield* block(columns, row, width);
  }
}

const block = (columns: string[], row: SqlValue[], width: number | null): string[] =>
  facts(
    columns.map((name, index): Fact => [name, text(row[index], String)]),
    width,
  );

function* head(columns: string[], sample: SqlValue[][], { line }: Layout): Iterable<string> {
  yield line(columns);
  yield line(columns.map(() => RULE));
  for (const row of sample) yield line(row);
}

interface Layout {
  /** Columns that fit. */
  columns: number;
  /** Whether they are all columns of the sample, with nothing cut. */
  whole: boolean;
  line(row: SqlValue[]): string;
}

/** Widths that fit the sample, and `width`. */
function layout(columns: string[], sample: SqlValue[][], width: number | null): Layout {
  const all = columns.map((name, index) => {
    const number = sample.some((row) => typeof row[index] === "number");
    const widest = Math.max(stringWidth(oneLine(name)), ...sample.map((row) => stringWidth(text(row[index]))));
    return { align: number ? ("right" as const) : ("left" as const), number, widest };
  });
  let heads = all;
  let widths = all.map(({ widest }) => Math.min(WIDEST, widest));
  while (width !== null) {
    const floors = heads.map(({ number, widest }) => (number ? widest : Math.min(widest, LEAST)));
    if (shrink(widths, floors, width - 2 * (heads.length - 1))) break;
    if (heads.length === 1) {
      widths = [width];
      break;
    }
    heads = all.slice(0, heads.length - 1);
    widths = heads.map(({ widest }) => Math.min(WIDEST, widest));
  }
  return {
    columns: heads.length,
    whole: heads.length === all.length && widths.every((one, index) => one === all[index]?.widest),
    line: (row) =>
      heads
        .map(({ align }, index) =>
          row[index] === RULE ? "─".repeat(widths[index] ?? 0) : fitTo(text(row[index]), widths[index] ?? 0, align),
        )
        .join("  ")
        .trimEnd(),
  };
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

/** Keeps NULL, empty and blank texts, and the text "NULL" apart. `shown` is how other values are written. */
function text(value: SqlValue | undefined, shown = (other: SqlValue) => oneLine(String(other))): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "string" && /^\s*$|^"*(NULL)?"*$/.test(value)) return jsonText(value);
  return shown(value);
}
