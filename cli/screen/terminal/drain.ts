import { closeSync, constants, openSync, readSync } from "node:fs";

/** Takes what was typed and not read yet, so that the shell does not get it. Only in the foreground, in raw mode. */
export function drainKeys(): string {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  const bytes = Buffer.alloc(4096);
  let text = "";
  try {
    const terminal = openSync("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY);
    try {
      for (let got = 1; got > 0; ) {
        got = readSync(terminal, bytes);
        text += bytes.toString("latin1", 0, got);
      }
    } finally {
      closeSync(terminal);
    }
  } catch {
    // EAGAIN: all is read. Or there is no such terminal any more.
  }
  return text;
}
