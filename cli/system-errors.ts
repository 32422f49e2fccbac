import { closeSync, openSync } from "node:fs";
import { Lor2cError } from "./errors.js";

interface Known {
  code: RegExp;
  /** The stable code of lor2c's error. */
  as: string;
  /** `where`: the file of the error, if known. */
  message: (where: string | undefined) => string;
  hint: string | ((where: string | undefined) => string);
  /** 2 if another request would work. Default: 1. */
  exitCode?: 1 | 2;
}

/**
 * Errors of the system and of SQLite that are due to the machine, not the program. The first match counts. All other
 * errors keep their stack: e.g. an unexpected ENOENT is a defect.
 */
const KNOWN: readonly Known[] = [
  {
    code: /^(EMFILE|ENFILE)$/,
    as: "TOO_MANY_OPEN_FILES",
    message: () => "too many files are open; this shell or this machine allows no more",
    hint: "raise the limit and run the command again: ulimit -n 4096",
  },
  {
    code: /^(ENOSPC|EDQUOT|SQLITE_FULL)$/,
    as: "DISK_FULL",
    message: (where) => `no space left to write${where ? ` ${where}` : ""}`,
    hint: "free some space: lor2c rm, or another disk",
  },
  {
    code: /^(SQLITE_READONLY.*)$/,
    as: "DATABASE_READONLY",
    message: (where) => `${where ?? "the database"} cannot be written`,
    hint: "check the permissions of the file and its folder, or name another file with --db",
  },
  {
    code: /^(EACCES|EPERM|EROFS)$/,
    as: "NOT_ALLOWED",
    message: (where) => `${where ?? "a file or folder"} is not accessible`,
    hint: "check its permissions and those of the folders above it, and whether its disk is mounted read-only",
  },
  {
    code: /^SQLITE_IOERR/,
    as: "DATABASE_IO",
    message: (where) => `${where ?? "the database"} cannot be read or written`,
    hint: "is the disk full or broken? what was stored before is not touched",
  },
  {
    code: /^EIO$/,
    as: "DISK_FAILED",
    message: (where) => `reading or writing ${where ?? "a file"} failed`,
    hint: "is the disk full or broken? what was stored before is not touched",
  },
  {
    code: /^SQLITE_NOTADB$/,
    as: "NOT_A_DATABASE",
    message: (where) => `${where ?? "the file"} is not a SQLite database`,
    hint: "name another file with --db or LOR2C_DB",
    exitCode: 2,
  },
  {
    code: /^SQLITE_CORRUPT/,
    as: "DATABASE_CORRUPT",
    message: (where) => `${where ?? "the database"} is damaged`,
    hint: (where = "FILE") =>
      `look for a back-up beside it (${where}.backup-*), or rescue rows with: sqlite3 ${where} .recover`,
  },
  {
    code: /^SQLITE_CANTOPEN/,
    as: "DATABASE_CANNOT_OPEN",
    message: (where) => `${where ?? "the database"} cannot be opened`,
    hint: "check that its folder is a folder, and the permissions of both",
    exitCode: 2,
  },
  {
    code: /^SQLITE_(BUSY|LOCKED)/,
    as: "DATABASE_BUSY",
    message: (where) => `${where ?? "the database"} is locked by another process`,
    hint: "close the program that holds a transaction open on it, then run the command again",
  },
  {
    code: /^(ENOMEM|SQLITE_NOMEM)$/,
    as: "NO_MEMORY",
    message: () => "no memory is left",
    hint: "end other programs, or ask for fewer workers: --jobs 1",
  },
  {
    code: /^ERR_SYSTEM_ERROR: uv_os_homedir$/,
    as: "NO_HOME",
    message: () => "no home folder: HOME is not set, and the system has no entry for this user",
    hint: "set HOME to a folder that can be written",
    exitCode: 2,
  },
  {
    code: /^EAGAIN$/,
    as: "NO_PROCESS",
    message: () => "the system cannot start more processes",
    hint: "end other programs, or raise the limit: ulimit -u",
  },
];

/** The error that a user gets for one of the system's; undefined for an error that is not in the list. */
export function explainSystemError(error: unknown, path?: string): Lor2cError | undefined {
  const { path: own } = (error ?? {}) as NodeJS.ErrnoException;
  const found = codeOf(error);
  const code = MISSING_PACKAGE.has(found ?? "") && lacksDescriptors() ? "EMFILE" : found;
  const known = typeof code === "string" ? KNOWN.find((one) => one.code.test(code)) : undefined;
  if (!known) return undefined;
  const where = path ?? own;
  const hint = typeof known.hint === "string" ? known.hint : known.hint(where);
  const message = `${known.message(where)} (${code})`;
  return new Lor2cError(known.as, message, hint, known.exitCode ?? 1, { cause: error });
}

/** Node gives a failed call of the system outside of the file system one code, and its name in `info`. */
function codeOf(error: unknown): string | undefined {
  const { code, info } = (error ?? {}) as NodeJS.ErrnoException & { info?: { syscall?: string } };
  return code === "ERR_SYSTEM_ERROR" && info?.syscall ? `${code}: ${info.syscall}` : code;
}

/** Node calls a package missing also when it had no descriptor left to look. */
const MISSING_PACKAGE: ReadonlySet<string> = new Set(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "ERR_DLOPEN_FAILED"]);
/** Loading a package opens at most about so many files at a time. */
const FILES_OF_A_PACKAGE = 8;

function lacksDescriptors(): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < FILES_OF_A_PACKAGE) opened.push(openSync(process.execPath, "r"));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EMFILE";
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
