/**
 * Where commands write. Results go to stdout; messages for people go to stderr. Control characters in texts from data
 * are escaped, so that none moves the cursor or sets a title.
 */
import { Lor2cError } from "../errors.js";
import { jsonText, visible } from "./parts/visible.js";

/** Writes lines that end in a line feed. */
export function writeText(text: string): void {
  process.stdout.write(visible(text));
}

export function writeLine(text = ""): void {
  writeText(`${text}\n`);
}

/** Writes text with colours. The caller has escaped the data in it. */
export function writeColoured(text: string): void {
  process.stdout.write(text);
}

/** Writes a JSON value as one line, so that several make NDJSON. */
export function writeJson(value: unknown): void {
  process.stdout.write(`${jsonText(value)}\n`);
}

/** Writes an indented JSON value, which people can read too. */
export function writeJsonLines(value: unknown): void {
  process.stdout.write(`${jsonText(value, 2)}\n`);
}

export function writeNote(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}

let readerMatters = false;
/** Reports a closed pipe too: a job's lines are its report. Other commands are silent, for `| head`. */
export function expectReader(): void {
  readerMatters = true;
}

/**
 * Output that can't be written (a full disk, a closed terminal or pipe) does not stop the command: runs are trained and
 * stored. The user is told once, and the exit code says that output was lost.
 */
export function surviveLostOutput(tell: (error: Lor2cError) => void): void {
  let lost = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (lost || (error.code === "EPIPE" && !readerMatters)) return;
    lost = true;
    tell(outputError(error));
  });
  process.stderr.on("error", () => {
    lost = true; // stderr is lost too
  });
  process.on("exit", () => {
    if (lost && !process.exitCode) process.exitCode = 1;
  });
}

const REASONS: Record<string, string> = {
  EPIPE: "its reader closed it",
  EIO: "its terminal or disk is gone",
  ENOSPC: "no space is left",
};

function outputError({ code = "", message }: NodeJS.ErrnoException): Lor2cError {
  const reason = REASONS[code] ?? message;
  return new Lor2cError(
    "OUTPUT_LOST",
    `standard output can't be written: ${reason} (${code})`,
    "the command continues without it; everything is stored as usual",
  );
}
