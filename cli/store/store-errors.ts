import Database from "better-sqlite3";
import { Lor2cError, UsageError } from "../errors.js";

/** Another program holds the database: the same thing may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === "DATABASE_BUSY";
}

/** SQLite's own codes as messages which name the file and the next step. Other errors pass unchanged. */
export function storeError(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const because = { cause: error };
  if (error.code === "SQLITE_NOTADB") {
    return new UsageError(
      "NOT_A_DATABASE",
      `${path} is not a SQLite database`,
      "name another file with --db or LOR2C_DB",
    );
  }
  if (error.code.startsWith("SQLITE_CORRUPT")) {
    return new Lor2cError(
      "DATABASE_CORRUPT",
      `${path} is damaged: ${error.message}`,
      `look for a back-up beside it (${path}.backup-*), or rescue rows with: sqlite3 ${path} .recover`,
      1,
      because,
    );
  }
  if (error.code.startsWith("SQLITE_READONLY")) {
    return new Lor2cError(
      "DATABASE_READONLY",
      `${path} cannot be written`,
      "check the permissions of the file and its folder, or name another file with --db",
      1,
      because,
    );
  }
  if (error.code.startsWith("SQLITE_CANTOPEN")) {
    return new Lor2cError(
      "DATABASE_CANNOT_OPEN",
      `${path} cannot be opened`,
      "check that its folder is a folder, and the permissions of both",
      2,
      because,
    );
  }
  if (error.code.startsWith("SQLITE_BUSY") || error.code === "SQLITE_LOCKED") {
    return new Lor2cError(
      "DATABASE_BUSY",
      `${path} is locked by another process`,
      "close the program that holds a transaction open on it, then run the command again",
      1,
      because,
    );
  }
  if (error.code === "SQLITE_ERROR" && /^no such |has no column/.test(error.message)) {
    return new Lor2cError(
      "DATABASE_CHANGED",
      `${path} does not have the tables of lor2c any more: ${error.message}`,
      `something else changed it: look for a back-up beside it (${path}.backup-*)`,
      1,
      because,
    );
  }
  if (error.code.startsWith("SQLITE_IOERR")) {
    return new Lor2cError(
      "DATABASE_IO",
      `${path} cannot be read or written (${error.code}: ${error.message})`,
      "is the disk full or broken?",
      1,
      because,
    );
  }
  if (error.code === "SQLITE_FULL") {
    return new Lor2cError(
      "DISK_FULL",
      `no space left to write ${path}`,
      "free some space: lor2c rm, or another disk",
      1,
      because,
    );
  }
  return error;
}
