import { closeSync, openSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Lor2cError, UsageError } from "../errors.js";
import type { DataTable } from "../export/data-table.js";
import type { TableFormat } from "../export/table-file.js";
import { discard, statOf } from "../files.js";
import { needFolder } from "../store/folder.js";
import { writeColoured, writeNote } from "../views/output.js";
import { visible } from "../views/parts/visible.js";

/** Characters that are collected before they are written. */
const CHUNK = 64 * 1024;

/** Lines are written as they come, so that a large result is never in memory as a whole. */
type Content = string | Uint8Array | Iterable<string>;

/**
 * Writes to standard output, or replaces the file that `--output` names. A terminal gets text with its control characters
 * escaped; a pipe or a file gets the bytes.
 */
export function writeOutput(content: string | Uint8Array, file: string | undefined): void {
  if (file !== undefined) writeFile(content, file);
  else process.stdout.write(typeof content === "string" && process.stdout.isTTY ? escaped(content) : content);
}

/** The same for a text with colours, whose data are escaped already. */
export function writeColouredOutput(text: string, file: string | undefined): void {
  if (file !== undefined) writeFile(text, file);
  else writeColoured(text);
}

/** Lines of CSV end in CR LF, and stay lines. */
const escaped = (text: string): string => text.split("\r\n").map(visible).join("\r\n");

/** The same for a result of any length. The reader of standard output sets the pace. */
export async function writeLinesOutput(lines: Iterable<string>, file: string | undefined): Promise<void> {
  if (file === undefined) await (await import("../views/write-stream.js")).writeLines(lines);
  else writeFile(lines, file);
}

function writeFile(content: Content, file: string): void {
  const path = resolve(file);
  needFolder(dirname(path), "make it first, or name another file with --output");
  try {
    replaceFile(path, content);
  } catch (error) {
    if (error instanceof Lor2cError) throw error;
    const hint = "name another file with --output";
    throw new UsageError("OUTPUT_NOT_WRITTEN", `cannot write ${path}: ${reason(error)}`, hint);
  }
  writeNote(`wrote ${path}`);
}

/** Replaces the file in one step, so that a full disk leaves the old one whole. Writes into a pipe or a device. */
function replaceFile(path: string, content: Content): void {
  const found = statOf(path);
  if (found && !found.isFile()) {
    writeWhole(path, content);
    return;
  }
  const target = found ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeWhole(temporary, content, found?.mode);
    renameSync(temporary, target);
  } catch (error) {
    discard(temporary);
    throw error;
  }
}

function writeWhole(path: string, content: Content, mode = 0o666): void {
  const file = openSync(path, "w", mode);
  try {
    if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(file, content);
    else for (const chunk of chunks(content)) writeFileSync(file, chunk);
  } finally {
    closeSync(file);
  }
}

/** Some lines at a time, since each write is a system call. */
function* chunks(lines: Iterable<string>): Iterable<string> {
  let chunk = "";
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

/** Writes an SVG, as it is or as PNG. */
export async function writePicture(svg: string, format: "svg" | "png", file: string | undefined): Promise<void> {
  writeOutput(format === "svg" ? svg : (await import("../views/parts/png.js")).svgToPng(svg), file);
}

/** Writes a table. CSV and the like keep their lines on a terminal; its cursor stays where it is. */
export async function writeTable(table: DataTable, format: TableFormat, file: string | undefined): Promise<void> {
  writeOutput(await (await import("../export/table-file.js")).tableFile(table, format), file);
}

/** Throws UsageError if bytes would go to a terminal. Call it before any work is done. */
export function refuseBytes(format: string, file: string | undefined): void {
  const what = BYTES[format];
  if (what === undefined || file !== undefined || !process.stdout.isTTY) return;
  throw new UsageError("USAGE", `${what.name} cannot be shown in a terminal`, `name a file: -o ${what.file}`);
}

const BYTES: Record<string, { name: string; file: string }> = {
  png: { name: "a PNG", file: "picture.png" },
  parquet: { name: "Parquet", file: "data.parquet" },
};

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "EISDIR" ? "it is a folder" : message;
}
