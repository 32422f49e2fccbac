import { writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../errors.js";
import { makeFolder } from "../store/folder.js";
import { writeNote } from "../views/output.js";

/** To standard output, or to the file that `--output` names, which is replaced. */
export function writeOutput(text: string, file: string | undefined): void {
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  const path = resolve(file);
  makeFolder(dirname(path), "make it, or name another file with --output");
  try {
    writeFileSync(path, text);
  } catch (error) {
    const hint = "name another file with --output";
    throw new UsageError("OUTPUT_NOT_WRITTEN", `cannot write ${path}: ${(error as Error).message}`, hint);
  }
  writeNote(`wrote ${path}`);
}
