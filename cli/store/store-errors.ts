import Database from "better-sqlite3";
import { Lor2cError } from "../errors.js";
import { explainSystemError } from "../system-errors.js";

/** Whether another program has locked the database, so that the same call may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === "DATABASE_BUSY";
}

/** Whether the machine or the database is at fault, and not the data that was to be stored. */
export function isSystemError(error: unknown): boolean {
  return explainSystemError(error) !== undefined || explainSystemError((error as Error).cause) !== undefined;
}

/** Turns SQLite's errors into messages that name the file and the next step. Other errors pass unchanged. */
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
