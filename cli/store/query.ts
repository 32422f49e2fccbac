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

/** Integers are bigints, reals are numbers; bytes are text such as `x'00ff'`. */
export type ExactValue = bigint | number | string | null;

export interface ExactResult {
  /** `declared`: the type in the table's definition; null for an expression. */
  columns: { name: string; declared: string | null }[];
  rows: Iterable<ExactValue[]>;
}

/** Runs one statement of the user. Throws UsageError unless SQLite says that it only reads. */
export function runQuery(store: Store, sql: string): QueryResult {
  const { columns, rows } = runExactQuery(store, sql);
  return { columns: columns.map(({ name }) => name), rows: plainRows(rows) };
}

/** The same with integers and reals kept apart, and integers beyond 2^53 exact. */
export function runExactQuery(store: Store, sql: string): ExactResult {
  const statement = prepare(store, sql);
  if (!statement.readonly || !statement.reader) {
    throw new UsageError(
      "QUERY_WRITES",
      "lor2c query only reads: this statement would change something or returns nothing",
      "use SELECT, WITH, VALUES or EXPLAIN; lor2c rm deletes runs",
    );
  }
  const columns = statement.columns();
  const names = unique(columns.map(({ name }) => name));
  return {
    columns: columns.map(({ type }, index) => ({ name: names[index] ?? "", declared: type })),
    rows: rowsOf(statement),
  };
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

function* rowsOf(statement: Database.Statement): Iterable<ExactValue[]> {
  try {
    // Numbers would round 64-bit integers beyond 2^53.
    for (const row of statement.raw().safeIntegers().iterate()) yield (row as unknown[]).map(withoutBytes);
  } catch (error) {
    throw badSql(error);
  }
}

const withoutBytes = (value: unknown): ExactValue =>
  Buffer.isBuffer(value) ? `x'${value.toString("hex")}'` : (value as ExactValue);

function* plainRows(rows: Iterable<ExactValue[]>): Iterable<SqlValue[]> {
  for (const row of rows) yield row.map(plain);
}

/** Integers beyond 2^53 are text. */
function plain(value: ExactValue): SqlValue {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
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
