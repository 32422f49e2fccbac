import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";

const TAIL_LINES = 40;
const TAIL_BYTES = 64 * 1024;

/**
 * The file that takes a worker's stderr. The worker writes to it directly, so the lines survive this process and cost
 * it nothing, and the file exists before the worker does.
 */
export class WorkerLog {
  readonly fd: number;
  /** Size of what an earlier worker wrote to the same file. */
  private readonly start: number;

  /** `from`: ignore the bytes before this offset; by default all that are in the file. */
  constructor(
    readonly file: string,
    from?: number,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    this.fd = openSync(file, "a+");
    this.start = from ?? fstatSync(this.fd).size;
  }

  /** The last lines that this worker wrote. */
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
