import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";

const TAIL_LINES = 40;
const TAIL_BYTES = 64 * 1024;

/**
 * The file that takes a worker's stderr. The worker writes to it directly: the lines survive this process, cost it
 * nothing, and the file is there before the worker is.
 */
export class WorkerLog {
  readonly fd: number;
  /** Bytes that an earlier worker wrote to the same file. */
  private readonly start: number;

  /** `from`: the bytes before do not count; by default all that are there. */
  constructor(
    readonly file: string,
    from?: number,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    this.fd = openSync(file, "a+");
    this.start = from ?? fstatSync(this.fd).size;
  }

  /** The last lines that were written since the file was opened. */
  tail(): string[] {
    const size = fstatSync(this.fd).size;
    const from = Math.max(this.start, size - TAIL_BYTES);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    const read = readSync(this.fd, buffer, 0, buffer.length, from);
    const lines = buffer.toString("utf8", 0, read).replace(/\n$/, "").split(/\r?\n/);
    return lines.length === 1 && lines[0] === "" ? [] : lines.slice(-TAIL_LINES);
  }

  close(): void {
    closeSync(this.fd);
  }
}
