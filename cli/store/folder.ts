import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../errors.js";

/**
 * Makes the last part of a path, e.g. `results/`, but not a whole path: a mistyped one is an error. Not `recursive`:
 * where a file system answers ENOENT for a folder whose parent exists (/proc does), that never ends in Node 20.
 */
export function makeFolder(folder: string, hint: string): void {
  checkFolder(folder, hint);
  if (existsSync(folder)) return;
  try {
    mkdirSync(folder);
  } catch (error) {
    if (existsSync(folder)) return; // another process was faster
    throw new UsageError("FOLDER_NOT_MADE", `cannot make the folder ${folder}: ${(error as Error).message}`, hint);
  }
}

/** Throws where `makeFolder` would, as far as that can be known without making it. */
export function checkFolder(folder: string, hint: string): void {
  if (existsSync(folder)) {
    if (statSync(folder).isDirectory()) return;
    throw new UsageError("FOLDER_IS_FILE", `${folder} is a file, not a folder`, hint);
  }
  if (!existsSync(dirname(folder)))
    throw new UsageError("FOLDER_MISSING", `there is no folder ${dirname(folder)}`, hint);
}
