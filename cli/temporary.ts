import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "./errors.js";
import { discard } from "./files.js";

/** The variables that name the system's place for temporary files, as Node reads them. */
const VARIABLES = process.platform === "win32" ? ["TEMP", "TMP"] : ["TMPDIR", "TMP", "TEMP"];

/** Why nothing can be made there. Other errors, such as a full disk, are told as everywhere. */
const REASONS: Record<string, string> = {
  ENOENT: "does not exist",
  ENOTDIR: "is not a folder",
  EACCES: "cannot be written",
  EPERM: "cannot be written",
  EROFS: "is on a disk that is mounted read-only",
  ELOOP: "is a link to itself",
  ENAMETOOLONG: "is too long a name",
};

/** Makes an empty folder in the system's place for temporary files. Throws a UsageError that says which place is unusable. */
export function makeTemporaryFolder(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix));
  } catch (error) {
    const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
    if (reason === undefined) throw error;
    const variable = VARIABLES.find((name) => process.env[name]);
    const which = variable ? `${variable} is ${process.env[variable]}, which ${reason}` : `${tmpdir()} ${reason}`;
    const first = reason === REASONS.ENOENT ? "make it" : "make it a folder that can be written";
    const hint = `${first}, or ${variable ? `unset ${variable}` : `name another folder with ${VARIABLES[0]}`}`;
    throw new UsageError("NO_TEMPORARY_FOLDER", `no temporary folder: ${which}`, hint);
  }
}

/** Throws as `makeTemporaryFolder` does. */
export function requireTemporaryFolder(): void {
  discard(makeTemporaryFolder("lor2c-"));
}
