/**
 * Where commands write. Results go to stdout; messages for people go to stderr. Control characters in texts from data
 * are escaped, so that none moves the cursor or sets a title.
 */
import { fstatSync, writeSync } from "node:fs";
import { Lor2cError } from "../errors.js";
import { breakLines } from "./parts/break-lines.js";
import { jsonText, visible } from "./parts/visible.js";
import { withWholeCommands } from "./parts/whole-commands.js";
import { messageWidth } from "./terminal.js";

/** Whether the last line of a terminal's stderr is a status. */
let hasStatus = false;

/** Other output must not stand behind a status. */
const clearStatus = (): void => writeStatus("");

/** Writes lines that end in a line feed. */
export function writeText(text: string): void {
  clearStatus();
  process.stdout.write(visible(text));
}

export function writeLine(text = ""): void {
  writeText(`${text}\n`);
}

/** Writes text with colours. The caller has escaped the data in it. */
export function writeColoured(text: string): void {
  clearStatus();
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

/**
 * Replaces the last line of a terminal's stderr, without a line feed; an empty text clears it. What is written next
 * replaces it too.
 */
export function writeStatus(text: string): void {
  if (text === "" && !hasStatus) return;
  process.stderr.write(`\r${visible(text)}\u001b[K`);
  hasStatus = text !== "";
}

/**
 * A message for people, broken at words where a terminal shows it. Counts wide characters as one, since the package that
 * knows them is not loaded at start.
 */
export function writeNote(text: string): void {
  writeMessage(breakLines(visible(text), messageWidth(), "  ", (line) => line.length).join("\n"));
}

/** An error for people: like a note, but commands stay whole, so that people can copy them. */
export function writeError(text: string): void {
  const broken = (glued: string) => breakLines(glued, messageWidth(), "  ", (line) => line.length);
  writeMessage(withWholeCommands(visible(text), broken).join("\n"));
}

/** A message whose lines stay whole: JSON. */
export function writeMessage(text: string): void {
  clearStatus();
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
  writeWhole(process.stdout);
  const enough = ({ code }: NodeJS.ErrnoException) => code === "EPIPE" && !readerMatters;
  process.stdout.on("error", (error) => {
    if (lost || enough(error)) return;
    lost = true;
    tell(outputError(error));
  });
  process.stderr.on("error", (error) => {
    if (!enough(error)) lost = true; // of `2>&1 | head` the reader has what it wanted
  });
  process.on("exit", () => {
    if (lost && !process.exitCode) process.exitCode = 1;
  });
}

/**
 * Makes a stream into a file write all of a text, or fail: a disk that fills up takes a part of it without an error,
 * and Node's stream takes that for success (and some versions throw where the rest fails).
 */
function writeWhole(out: NodeJS.WriteStream & { fd: number }): void {
  if (out.isTTY || !isFile(out.fd)) return;
  out._write = (text: Buffer | string, encoding, done) => {
    const bytes = typeof text === "string" ? Buffer.from(text, encoding) : text;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(out.fd, bytes, at);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}

/** Or a device such as /dev/full. Node writes both at once, and pipes and sockets when they take more. */
function isFile(descriptor: number): boolean {
  const found = fstatSync(descriptor);
  return found.isFile() || found.isCharacterDevice();
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
