import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isatty } from "node:tty";
import { STDIN } from "./places.js";

/** Far above any real spec (a few kB); keeps a wrong file name from filling the memory. */
const MAX_BYTES = 1024 * 1024;
/** Milliseconds between two looks at a pipe that has nothing yet. */
const PAUSE = 10;

let stdin: Buffer | string | undefined;

/** What a spec file or the standard input holds, or why it cannot be read. The standard input is read once. */
export function readBytes(file: string): Buffer | string {
  if (file !== STDIN) return readFile(file);
  stdin ??= isatty(0) ? "cannot be read: it is the terminal; pipe a spec into it" : readAll(0);
  return stdin;
}

function readFile(file: string): Buffer | string {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    return `cannot be read: ${reason(error)}`;
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) return "cannot be read: it is a folder";
    if (stat.size > MAX_BYTES) return `is ${stat.size.toLocaleString("en")} bytes; a spec has at most 1 MiB`;
    if (stat.isCharacterDevice() || stat.isBlockDevice()) return "cannot be read: it is a device";
    return readAll(fd);
  } finally {
    closeSync(fd);
  }
}

function readAll(fd: number): Buffer | string {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    let read: number;
    try {
      read = readSync(fd, buffer, length, buffer.length - length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") break;
      if (code !== "EAGAIN") return `cannot be read: ${reason(error)}`;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE); // a pipe that does not block
      continue;
    }
    if (read === 0) break;
    length += read;
  }
  return length > MAX_BYTES ? "is too large; a spec has at most 1 MiB" : buffer.subarray(0, length);
}

/** Why this file cannot be read. Throws what is no fault of the file, such as too many open files. */
function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known = REASONS[code ?? ""];
  if (known === undefined) throw error;
  return known || message;
}

const REASONS: Record<string, string> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file: a part of the path is no folder",
  EISDIR: "it is a folder",
  EACCES: "no permission",
  EPERM: "no permission",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links lead in a circle",
  EIO: "", // the system's own words: a broken disk
  ENXIO: "it is no file",
};
