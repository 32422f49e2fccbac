import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isatty } from "node:tty";
import { lookalikeIn } from "./characters.js";
import { STDIN } from "./places.js";

/** Far larger than any real spec (a few kB), so that a wrong file does not fill the memory. */
const MAX_BYTES = 1024 * 1024;
/** Milliseconds between two reads of an empty pipe. */
const PAUSE = 10;

let stdin: Buffer | string | undefined;

/** The bytes of a spec file or the standard input, or why they cannot be read. Reads the standard input only once. */
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
    const odd = lookalikeIn(file);
    return `cannot be read: ${reason(error)}${odd === undefined ? "" : `; there is ${odd} in the name`}`;
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
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE); // a non-blocking pipe
      continue;
    }
    if (read === 0) break;
    length += read;
  }
  return length > MAX_BYTES ? "is too large; a spec has at most 1 MiB" : buffer.subarray(0, length);
}

/** Why this file cannot be read. Throws errors that are not about the file, such as too many open files. */
function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known = REASONS[code ?? ""];
  if (known === undefined) throw error;
  return known || message;
}

const REASONS: Record<string, string> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file: a part of the path is not a folder",
  EISDIR: "it is a folder",
  EACCES: "no permission",
  EPERM: "no permission",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links lead in a circle",
  EIO: "", // the system's own message: a broken disk
  ENXIO: "it is not a file",
};
