/** Where commands write. Results go to stdout; what is only meant for a person beside them goes to stderr. */

export function writeLine(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** One JSON value as one line, so that several make NDJSON. */
export function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function writeNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * A reader that goes away (`| head`, a closed terminal) must not take a training job with it: its runs are stored
 * whether or not somebody looks. Anything else that goes wrong with the stream is still an error.
 */
export function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
}
