import type { ExactResult, ExactValue } from "../store/query.js";
import type { ColumnType, Value } from "./data-table.js";
import type { TypedColumn } from "./parquet.js";

/** The kinds of value that a column was seen to hold. */
interface Seen {
  text: boolean;
  real: boolean;
  integer: boolean;
  /** An integer beyond 2^53, which a real can't hold exactly. */
  large: boolean;
}

/**
 * The columns of a query, each with one type for all its values. SQLite has a type per value, not per column: integers
 * beside reals become reals; numbers beside text become text, as do integers beside reals that would round them. A
 * column of NULLs has the type that its table declares. Reads all rows into memory.
 */
export function typedColumns({ columns, rows }: ExactResult): TypedColumn[] {
  const found = columns.map(({ name, declared }) => ({
    key: name,
    declared,
    seen: { text: false, real: false, integer: false, large: false },
    values: [] as Value[],
  }));
  for (const row of rows) {
    for (const [index, column] of found.entries()) column.values.push(noted(row[index] ?? null, column.seen));
  }
  return found.map(({ key, declared, seen, values }) => {
    const type = typeOf(seen, declared);
    const mixed = type === "text" && (seen.real || seen.integer);
    return { key, type, values: mixed ? values.map((value) => (value === null ? null : String(value))) : values };
  });
}

function noted(value: ExactValue, seen: Seen): Value {
  if (value === null) return null;
  if (typeof value === "bigint") {
    seen.integer = true;
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    seen.large = true;
    return value;
  }
  if (typeof value === "number") seen.real = true;
  else seen.text = true;
  return value;
}

function typeOf({ text, real, integer, large }: Seen, declared: string | null): ColumnType {
  if (text || (real && large)) return "text";
  if (real) return "real";
  if (integer) return "integer";
  // SQLite's rules of affinity, for the types that the schema of a database uses
  if (/int/i.test(declared ?? "")) return "integer";
  return /real|floa|doub/i.test(declared ?? "") ? "real" : "text";
}
