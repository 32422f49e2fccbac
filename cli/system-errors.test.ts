import { expect, test } from "vitest";
import { explainSystemError } from "./system-errors.js";

const failure = (code: string, path?: string) => Object.assign(new Error("x"), { code, path });

test.each([
  ["EMFILE", "TOO_MANY_OPEN_FILES", /too many files are open/, /ulimit -n/],
  ["ENFILE", "TOO_MANY_OPEN_FILES", /too many files are open/, /ulimit -n/],
  ["ENOSPC", "DISK_FULL", /no space left to write \/d\/f/, /free some space/],
  ["EDQUOT", "DISK_FULL", /no space left to write \/d\/f/, /free some space/],
  ["SQLITE_FULL", "DISK_FULL", /no space left to write \/d\/f/, /free some space/],
  ["EACCES", "NOT_ALLOWED", /\/d\/f is not accessible/, /permissions/],
  ["EPERM", "NOT_ALLOWED", /\/d\/f is not accessible/, /permissions/],
  ["EROFS", "NOT_ALLOWED", /\/d\/f is not accessible/, /read-only/],
  ["EIO", "DISK_FAILED", /\/d\/f failed/, /full or broken/],
  ["SQLITE_IOERR_WRITE", "DATABASE_IO", /\/d\/f cannot be read or written/, /full or broken/],
  ["SQLITE_BUSY_SNAPSHOT", "DATABASE_BUSY", /locked by another process/, /transaction/],
  ["SQLITE_READONLY_DBMOVED", "DATABASE_READONLY", /\/d\/f cannot be written/, /--db/],
  ["SQLITE_CORRUPT_INDEX", "DATABASE_CORRUPT", /\/d\/f is damaged/, /\/d\/f\.backup-/],
  ["SQLITE_CANTOPEN", "DATABASE_CANNOT_OPEN", /\/d\/f cannot be opened/, /permissions/],
  ["SQLITE_NOTADB", "NOT_A_DATABASE", /\/d\/f is not a SQLite database/, /LOR2C_DB/],
  ["ENOMEM", "NO_MEMORY", /no memory/, /--jobs 1/],
  ["EAGAIN", "NO_PROCESS", /cannot start more processes/, /ulimit -u/],
])("%s is %s", (code, ours, message, hint) => {
  const error = explainSystemError(failure(code, "/d/f"));
  expect(error?.code).toBe(ours);
  expect(error?.message).toMatch(message);
  expect(error?.message).toContain(`(${code})`);
  expect(error?.hint).toMatch(hint);
});

test("a file that is not known is not named", () => {
  for (const code of ["ENOSPC", "EACCES", "EIO", "SQLITE_CORRUPT"]) {
    const { message, hint } = explainSystemError(failure(code)) ?? {};
    expect(`${message} ${hint}`).not.toContain("undefined");
  }
});

test("an error without an explanation stays as it is", () => {
  for (const error of [failure("ENOENT"), failure("SQLITE_ERROR"), new Error("x"), undefined, "text", { code: 5 }]) {
    expect(explainSystemError(error)).toBeUndefined();
  }
});
