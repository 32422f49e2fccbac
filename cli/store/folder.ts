import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../errors.js";
import { statOf } from "../files.js";

/**
 * Makes the last folder of a path, e.g. `results/`. Does not make its parents, so that a mistyped path is an error, and
 * because Node 20's `recursive` never returns where a file system answers ENOENT under an existing parent, as /proc
 * does.
 */
export function makeFolder(folder: string, hint: string): void {
  checkFolder(folder, hint);
  if (statOf(folder)) return;
  try {
    mkdirSync(folder);
  } catch (error) {
    if (statOf(folder)) return; // another process was faster
    throw new UsageError("FOLDER_NOT_MADE", `cannot make the folder ${folder}: ${(error as Error).message}`, hint);
  }
}

/** Throws UsageError if there is no such folder: a file that a user names makes none, so that a typo is not one more. */
export function needFolder(folder: string, hint: string): void {
  checkFolder(folder, hint);
  if (!statOf(folder)) throw new UsageError("FOLDER_MISSING", `there is no folder ${folder}`, hint);
}

/** Throws what `makeFolder` would throw, as far as can be told without making the folder. */
export function checkFolder(folder: string, hint: string): void {
  const found = statOf(folder);
  if (found) {
    if (found.isDirectory()) return;
    throw new UsageError("FOLDER_IS_FILE", `${folder} is a file, not a folder`, hint);
  }
  if (!statOf(dirname(folder))) throw new UsageError("FOLDER_MISSING", `there is no folder ${dirname(folder)}`, hint);
}
