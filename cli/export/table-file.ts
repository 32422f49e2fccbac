import { csvText } from "../views/parts/csv.js";
import { jsonText } from "../views/parts/visible.js";
import type { DataTable, Value } from "./data-table.js";
import { latexTable } from "./latex.js";
import { markdownTable } from "./markdown.js";

/** Every format of a table. */
export const TABLE_FORMATS = ["csv", "json", "parquet", "latex", "markdown"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** A table in one of these formats; bytes for Parquet. The same bytes for the same table, on every machine. */
export async function tableFile(table: DataTable, format: TableFormat): Promise<string | Uint8Array> {
  switch (format) {
    case "csv":
      return csvText([table.columns.map(({ key }) => key), ...table.rows]);
    case "json":
      return jsonTable(table);
    case "parquet":
      return parquetTable(table);
    case "latex":
      return latexTable(table);
    case "markdown":
      return markdownTable(table);
  }
}

/** One array with an object on each line. */
function jsonTable({ columns, rows }: DataTable): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map(({ key }, index) => [key, plain(row[index])])));
  return rows.length === 0 ? "[]\n" : `[${objects.map((object) => jsonText(object)).join("\n,")}\n]\n`;
}

/** JSON has no integers beyond 2^53 that every reader keeps; they are text. */
const plain = (value: Value | undefined): Value => (typeof value === "bigint" ? String(value) : (value ?? null));

async function parquetTable({ columns, rows }: DataTable): Promise<Uint8Array> {
  const { parquetFile } = await import("./parquet.js");
  return parquetFile(
    columns.map(({ key, type }, index) => ({ key, type, values: rows.map((row) => row[index] ?? null) })),
  );
}
