import { realpathSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../errors.js";
import { discard, statOf } from "../files.js";
import { makeFolder } from "../store/folder.js";
import { writeNote } from "../views/output.js";

/** Writes to standard output, or replaces the file that `--output` names. */
export function writeOutput(content: string | Buffer, file: string | undefined): void {
  if (file === undefined) {
    process.stdout.write(content);
    return;
  }
  const path = resolve(file);
  makeFolder(dirname(path), "make it, or name another file with --output");
  try {
    replaceFile(path, content);
  } catch (error) {
    const hint = "name another file with --output";
    throw new UsageError("OUTPUT_NOT_WRITTEN", `cannot write ${path}: ${reason(error)}`, hint);
  }
  writeNote(`wrote ${path}`);
}

/** Replaces the file in one step, so that a full disk leaves the old one whole. Writes into a pipe or a device. */
function replaceFile(path: string, content: string | Buffer): void {
  const found = statOf(path);
  if (found && !found.isFile()) {
    writeFileSync(path, content);
    return;
  }
  const target = found ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { mode: found?.mode ?? 0o666 });
    renameSync(temporary, target);
  } catch (error) {
    discard(temporary);
    throw error;
  }
}

/** Writes an SVG, as it is or as PNG. */
export async function writePicture(svg: string, format: "svg" | "png", file: string | undefined): Promise<void> {
  writeOutput(format === "svg" ? svg : (await import("../views/parts/png.js")).svgToPng(svg), file);
}

/** Throws UsageError if bytes would go to a terminal. Call it before any work is done. */
export function refusePicture(format: string, file: string | undefined): void {
  if (format !== "png" || file !== undefined || !process.stdout.isTTY) return;
  throw new UsageError("USAGE", "a PNG cannot be shown in a terminal", "name a file: -o picture.png");
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "EISDIR" ? "it is a folder" : message;
}
