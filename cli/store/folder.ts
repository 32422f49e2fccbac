import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../errors.js";
import { statOf } from "../files.js";

/**
 * Makes the last part of a path, e.g. `results/`, but not a whole path: a mistyped one is an error. Not `recursive`:
 * where a file system answers ENOENT for a folder whose parent exists (/proc does), that never ends in Node 20.
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

/** Throws where `makeFolder` would, as far as that can be known without making it. */
export function checkFolder(folder: string, hint: string): void {
  const found = statOf(folder);
  if (found) {
    if (found.isDirectory()) return;
    throw new UsageError("FOLDER_IS_FILE", `${folder} is a file, not a folder`, hint);
  }
  if (!statOf(dirname(folder))) throw new UsageError("FOLDER_MISSING", `there is no folder ${dirname(folder)}`, hint);
}
