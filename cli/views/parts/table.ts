/** The one table of all text views: aligned columns that fit into the terminal, or a block for each row. */
import stringWidth from "string-width";
import { facts } from "./facts.js";
import { clip } from "./fit.js";
import { namesApart, sharedWords, withoutWords } from "./names-apart.js";
import { prose } from "./prose.js";
import { visible } from "./visible.js";

export interface TableColumn {
  /** What code calls the column; nobody sees it. */
  key: string;
  title: string;
  /** Default: left. Use right for numbers. */
  align?: "left" | "right";
  /** A table that is too wide drops the columns with the lowest number first. Without one the column always stays. */
  keep?: number;
  /** Terminal columns to which texts may be cut; without it they stay whole. */
  least?: number;
  /**
   * What happens to a text that is too long; default: it is cut at its end. `apart`, for names of runs: words that all rows
   * have go below the table, and what is cut still differs. `wrap`: it takes several lines; in the last column long words
   * stay whole.
   */
  long?: "end" | "apart" | "wrap";
}

/** For labels of runs: they keep enough to be told apart. */
export const LABEL = { least: 24, long: "apart" } as const;

export interface TableOptions {
  /** Blanks between two columns. */
  gap?: number;
  /** What shows the columns that were left out. */
  more?: string;
}

interface Cell {
  text: string;
  width: number;
}

interface Measured {
  column: TableColumn;
  cells: Cell[];
  /** Columns that the widest text and the longest word of the title need. */
  widest: number;
  word: number;
}

/**
 * Lines of a table no wider than `width`; null is as wide as needed, for a file or a pipe. Where it is too wide, what all
 * names share moves below it, titles take several lines, then the widest texts that may be cut are cut, then columns are left out, which a last line names.
 * A table that does not fit even so becomes a block of `title  text` lines for each row.
 */
export function tableLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number | null,
  { gap = 2, more = "a wider terminal shows them" }: TableOptions = {},
): string[] {
  const whole = columns.map((column, index) => measured(column, rows, index));
  const room = (shown: readonly unknown[]) => (width === null ? null : width - gap * (shown.length - 1));
  const { all, notes } = fits(whole, room(whole)) ? { all: whole, notes: [] } : withSharedBelow(whole);
  for (let shown = all; ; ) {
    const widths = widthsFor(shown, room(shown));
    if (widths) {
      const left = all.filter((one) => !shown.includes(one)).map(({ column }) => column.title);
      const below = [...notes, ...(left.length === 0 ? [] : [`left out: ${left.join(", ")} (${more})`])];
      return [...drawn(shown, widths, rows.length, " ".repeat(gap)), ...below.flatMap((line) => prose(line, width))];
    }
    const least = leastWanted(shown);
    if (least === null) return blockLines(columns, rows, width);
    shown = shown.filter((one) => one !== least);
  }
}

/** A block of `title  text` lines for each row, for rows that are too wide for a table. Texts are not cut. */
function blockLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number | null,
): string[] {
  return rows.flatMap((row, at) => [
    ...(at === 0 ? [] : [""]),
    ...facts(
      columns.map(({ title }, index) => [title, plainText(row[index] ?? "").trim()]),
      width,
    ),
  ]);
}

const cellOf = (text: string): Cell => ({ text, width: stringWidth(text) });

const plainText = (text: string): string => visible(text.replace(/[\t\n\r]+/g, " "));

function measured(column: TableColumn, rows: readonly (readonly string[])[], index: number): Measured {
  return measuredTexts(
    column,
    rows.map((row) => plainText(row[index] ?? "")),
  );
}

function measuredTexts(column: TableColumn, texts: readonly string[]): Measured {
  const cells = texts.map(cellOf);
  const widest = cells.reduce((most, { width }) => Math.max(most, width), 0);
  return { column, cells, widest, word: Math.max(...column.title.split(" ").map((word) => stringWidth(word))) };
}

function fits(all: readonly Measured[], room: number | null): boolean {
  return room === null || titled(all).reduce((sum, one) => sum + one, 0) <= room;
}

/** The columns without the words that all names of a column share, and lines that say them. */
function withSharedBelow(columns: readonly Measured[]): { all: Measured[]; notes: string[] } {
  const notes: string[] = [];
  const all = columns.map((one) => {
    const names = one.cells.map(({ text }) => text);
    const shared = one.column.long === "apart" ? sharedWords(names) : [];
    if (shared.length === 0) return one;
    notes.push(`every ${one.column.title}: ${shared.join(" ")}`);
    return measuredTexts(
      one.column,
      names.map((name) => withoutWords(name, shared)),
    );
  });
  return { all, notes };
}

const titled = (all: readonly Measured[]): number[] =>
  all.map(({ column, widest }) => Math.max(widest, stringWidth(column.title)));

/** Widths that sum up to at most `room`; null if these columns don't fit. */
function widthsFor(all: readonly Measured[], room: number | null): number[] | null {
  const widths = titled(all);
  if (room === null) return widths;
  const whole = all.map(({ widest, word }) => Math.max(widest, word));
  const cut = all.map(({ column, widest, word }) => Math.max(word, Math.min(widest, column.least ?? widest)));
  return [whole, cut].some((floors) => shrink(widths, floors, room)) ? widths : null;
}

/** Takes from the widest, never below its floor, until all fit into `room`. Says whether they do. */
export function shrink(widths: number[], floors: readonly number[], room: number): boolean {
  for (let over = widths.reduce((sum, one) => sum + one, 0) - room; over > 0; over--) {
    let widest = -1;
    for (const [at, one] of widths.entries()) {
      if (one > (floors[at] ?? 0) && (widest < 0 || one >= (widths[widest] ?? 0))) widest = at;
    }
    if (widest < 0) return false;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return true;
}

/** The column to leave out next; null if all must stay. The last of those that are wanted alike. */
function leastWanted(all: readonly Measured[]): Measured | null {
  return all.reduce<Measured | null>((least, one) => {
    if (one.column.keep === undefined) return least;
    return least === null || one.column.keep <= (least.column.keep ?? 0) ? one : least;
  }, null);
}

function drawn(columns: readonly Measured[], widths: readonly number[], rows: number, gap: string): string[] {
  const all = columns.map((one, at) => cutApart(one, widths[at] ?? 0));
  const line = (at: (one: Measured, column: number) => Cell | undefined) =>
    all
      .map((one, column) => filled(at(one, column), widths[column] ?? 0, one.column, column === all.length - 1))
      .join(gap)
      .trimEnd();
  const block = (cells: Cell[][], from: (lines: Cell[], at: number, height: number) => Cell | undefined): string[] => {
    const height = Math.max(1, ...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, at) => line((_, column) => from(cells[column] ?? [], at, height)));
  };
  const titles = all.map(({ column }, at) => prose(column.title, widths[at] ?? 0, "").map(cellOf));
  const named = all.some(({ column }) => column.title !== "");
  return [
    // Short titles stand on the last line, next to their columns.
    ...(named ? block(titles, (lines, at, height) => lines[at - height + lines.length]) : []),
    ...Array.from({ length: rows }, (_, row) =>
      block(
        all.map((one, at) => linesOf(one, row, widths[at] ?? 0)),
        (lines, at) => lines[at],
      ),
    ).flat(),
  ];
}

/** Names are cut together, since only together they can stay different. */
function cutApart(one: Measured, width: number): Measured {
  if (one.column.long !== "apart" || one.widest <= width) return one;
  const names = namesApart(
    one.cells.map(({ text }) => text),
    width,
  );
  return measuredTexts(one.column, names);
}

function linesOf({ column, cells }: Measured, row: number, width: number): Cell[] {
  const cell = cells[row] ?? cellOf("");
  return column.long !== "wrap" || cell.width <= width ? [cell] : prose(cell.text, width, "").map(cellOf);
}

function filled(cell: Cell = cellOf(""), width: number, { align, long }: TableColumn, last: boolean): string {
  if (cell.width > width && last && long === "wrap") return cell.text;
  const cut = cell.width <= width ? cell : cellOf(clip(cell.text, width));
  const space = " ".repeat(width - cut.width);
  return align === "right" ? space + cut.text : cut.text + space;
}
