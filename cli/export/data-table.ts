/** What a column holds besides null. `integer` has 64 bits. */
export type ColumnType = "text" | "integer" | "real" | "boolean";
/** An integer that a number can't hold exactly is a bigint. */
export type Value = string | number | bigint | boolean | null;

export interface DataColumn {
  /** Its name for programs: CSV, JSON, Parquet. Unique in the table. */
  key: string;
  /** Its name for people: LaTeX, Markdown. */
  title: string;
  type: ColumnType;
  /** Decimals of a real for people; others get up to six significant digits. Programs get every digit. */
  decimals?: number;
  /** Texts that are numbers with more, which stand right-aligned. */
  right?: true;
  /** Ids and the like, which LaTeX and Markdown leave out. */
  forPrograms?: true;
}

/** A table as data, before it has a format. Texts are as they are stored: each format escapes what it must. */
export interface DataTable {
  columns: readonly DataColumn[];
  rows: readonly (readonly Value[])[];
  /** Places of the cells that LaTeX and Markdown show in bold, such as the best of a column: rows and columns from 0. */
  strong?: readonly (readonly [row: number, column: number])[];
  /** How to read it, for people. */
  note?: string;
}
