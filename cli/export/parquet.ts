import { parquetWriteBuffer } from "hyparquet-writer";
import type { ColumnType, Value } from "./data-table.js";

export interface TypedColumn {
  key: string;
  type: ColumnType;
  values: readonly Value[];
}

const TYPES = { text: "STRING", integer: "INT64", real: "DOUBLE", boolean: "BOOLEAN" } as const;

/** A whole Parquet file. Every column may hold null. Equal columns give equal bytes. */
export function parquetFile(columns: readonly TypedColumn[]): Uint8Array {
  const columnData = columns.map(({ key, type, values }) => ({
    name: key,
    type: TYPES[type],
    data: type === "integer" ? values.map(bigOrNull) : [...values],
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: "lor2c" }));
}

const bigOrNull = (value: Value): bigint | null => (value === null ? null : BigInt(value));
