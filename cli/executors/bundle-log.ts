import { symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { WORKER_LOG } from "../attempt-files.js";
import type { Bundle } from "./executor.js";

/** A worker has one stderr: the first cell's folder has the file, the others have a link to it. */
export function prepareLog({ cells }: Bundle): string {
  const [first, ...others] = cells;
  if (!first) throw new Error("a bundle without cells");
  const file = join(first.folder, WORKER_LOG);
  for (const { folder } of others) symlinkSync(relative(folder, file), join(folder, WORKER_LOG));
  return file;
}
