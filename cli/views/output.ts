/**
 * Where commands write. Results go to stdout; what is only meant for a person beside them goes to stderr. Whatever data
 * had in its texts: control characters arrive written out, so that none moves the cursor or sets a title.
 */
import { Lor2cError } from "../errors.js";
import { jsonText, visible } from "./parts/visible.js";

/** Lines that have their ends. */
export function writeText(text: string): void {
  process.stdout.write(visible(text));
}

export function writeLine(text = ""): void {
  writeText(`${text}\n`);
}

/** Text with colours of ours, whose data has been made visible before they came in. */
export function writeColoured(text: string): void {
  process.stdout.write(text);
}

/** One JSON value as one line, so that several make NDJSON. */
export function writeJson(value: unknown): void {
  process.stdout.write(`${jsonText(value)}\n`);
}

/** One JSON value for people as well. */
export function writeJsonLines(value: unknown): void {
  process.stdout.write(`${jsonText(value, 2)}\n`);
}

export function writeNote(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}

let readerMatters = false;
/** For a job, whose lines are its report: a reader that leaves is told too. `| head` of a list has what it wanted. */
export function expectReader(): void {
  readerMatters = true;
}

/**
 * Output that can't be written (a full disk, a closed terminal or pipe) ends nothing: what the command does goes on,
 * runs are trained and stored. It is told once, and the exit code says that output was lost.
 */
export function surviveLostOutput(tell: (error: Lor2cError) => void): void {
  let lost = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (lost || (error.code === "EPIPE" && !readerMatters)) return;
    lost = true;
    tell(outputError(error));
  });
  process.stderr.on("error", () => {
    lost = true; // there is nobody left to tell
  });
  process.on("exit", () => {
    if (lost && !process.exitCode) process.exitCode = 1;
  });
}

const REASONS: Record<string, string> = {
  EPIPE: "its reader has gone",
  EIO: "its terminal or disk has gone",
  ENOSPC: "no space is left",
};

function outputError({ code = "", message }: NodeJS.ErrnoException): Lor2cError {
  const reason = REASONS[code] ?? message;
  return new Lor2cError(
    "OUTPUT_LOST",
    `standard output can't be written: ${reason} (${code})`,
    "the command goes on to its end without it; what it stores is not touched",
  );
}
