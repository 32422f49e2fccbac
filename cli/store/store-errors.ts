import Database from "better-sqlite3";
import { Lor2cError } from "../errors.js";
import { explainSystemError } from "../system-errors.js";

/** Another program holds the database: the same thing may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === "DATABASE_BUSY";
}

/** The machine or the database is at fault, and not what was to be stored. */
export function isSystemError(error: unknown): boolean {
  return explainSystemError(error) !== undefined || explainSystemError((error as Error).cause) !== undefined;
}

/** SQLite's own codes as messages which name the file and the next step. Other errors pass unchanged. */
export function storeError(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === "SQLITE_ERROR" && /^no such |has no column/.test(error.message)) {
    return new Lor2cError(
      "DATABASE_CHANGED",
      `${path} does not have the tables of lor2c any more: ${error.message}`,
      `something else changed it: look for a back-up beside it (${path}.backup-*)`,
      1,
      { cause: error },
    );
  }
  return explainSystemError(error, path) ?? error;
}
