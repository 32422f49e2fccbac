import Database from "better-sqlite3";
import { UsageError } from "../errors.js";
import type { Store } from "./store.js";

export type SqlValue = number | string | null;

export interface QueryResult {
  /** As the statement names them. The second column of a name gets `_2`. */
  columns: string[];
  /** Rows are read while they are iterated, so a large result is never in memory as a whole. */
  rows: Iterable<SqlValue[]>;
}

/** Runs one statement of the user. Throws UsageError unless SQLite says that it only reads. */
export function runQuery(store: Store, sql: string): QueryResult {
  const statement = prepare(store, sql);
  if (!statement.readonly || !statement.reader) {
    throw new UsageError(
      "QUERY_WRITES",
      "lor2c query only reads: this statement would change something or returns nothing",
      "use SELECT, WITH, VALUES or EXPLAIN; lor2c rm deletes runs",
    );
  }
  const columns = unique(statement.columns().map((column) => column.name));
  return { columns, rows: rowsOf(statement) };
}

function prepare(store: Store, sql: string): Database.Statement {
  try {
    return store.db.prepare(sql);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UsageError("QUERY_NOT_ONE", `not exactly one statement: ${error.message}`, "give one SELECT");
    }
    throw badSql(error);
  }
}

function* rowsOf(statement: Database.Statement): Iterable<SqlValue[]> {
  try {
    // Numbers would round 64-bit integers beyond 2^53: read BigInt, and return those as text.
    for (const row of statement.raw().safeIntegers().iterate()) yield (row as unknown[]).map(plain);
  } catch (error) {
    throw badSql(error);
  }
}

function plain(value: unknown): SqlValue {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (Buffer.isBuffer(value)) return `x'${value.toString("hex")}'`;
  return value as SqlValue;
}

function badSql(error: unknown): unknown {
  if (error instanceof RangeError || error instanceof TypeError) {
    return new UsageError(
      "QUERY_PARAMETERS",
      "a parameter (?, :name) has no value here",
      "write the value into the statement",
    );
  }
  if (!(error instanceof Database.SqliteError) || error.code !== "SQLITE_ERROR") return error;
  return new UsageError(
    "QUERY_WRONG",
    error.message,
    "what there is: lor2c query \"SELECT name, type FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'\", or docs/database.md",
  );
}

function unique(names: string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}_${count}`;
  });
}
