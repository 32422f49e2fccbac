import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stripVTControlCharacters } from "node:util";
import { UsageError } from "../../errors.js";
import { statOf } from "../../files.js";
import { getAttempt } from "../../store/read.js";
import { openReader, settleLost } from "../../store/reader.js";
import type { Store } from "../../store/store.js";
import { writeNote } from "../output.js";
import { visible } from "../parts/visible.js";
import { findLog } from "./find.js";
import { follow } from "./follow.js";

export interface PrintLogOptions {
  dbPath: string;
  selector: string;
  follow: boolean;
  /** The worker's stderr instead of the runner's log. */
  worker: boolean;
  out: Writable;
}

/** Prints the log of a run's newest attempt; with `follow`, until the attempt is over. */
export async function printLog({ dbPath, selector, follow: goesOn, worker, out }: PrintLogOptions): Promise<void> {
  const store = openReader(dbPath);
  try {
    const { run, file, attempt, over } = findLog(store, selector, worker);
    const following = goesOn && !over;
    if (!following && !statOf(file)) throw new UsageError("LOG_MISSING", `${file} does not exist`);
    let empty = true;
    const texts = harmless(
      follow(file, () => !following || isOver(store, attempt)),
      () => {
        empty = false;
      },
    );
    await pipeline(Readable.from(texts), out, { end: false });
    if (empty) writeNote(emptyNote(run, worker));
  } catch (error) {
    if (!out.destroyed) throw error; //  head`|else the reader closed the pipe, as `| head` does| head`
  } finally {
    store.close();
  }
}

/**
 * Removes colours and cursor moves and escapes other control characters: text of a library or of the data must not
 * control the terminal. Each state of a progress bar becomes a line.
 */
async function* harmless(texts: AsyncIterable<string>, onText: () => void): AsyncGenerator<string> {
  for await (const text of texts) {
    if (text !== "") onText();
    yield visible(stripVTControlCharacters(text.replace(/\r\n?/g, "\n")));
  }
}

/** A silent worker is the rule: what it has to say about a failure is an event, which the database keeps. */
const emptyNote = (run: string, worker: boolean): string =>
  worker
    ? `the worker wrote nothing to stderr; \`lor2c show ${run}\` has the error of a failed run, \`lor2c logs ${run}\` its events`
    : "the log is empty";

/** The runner may have been killed. A command that opens the database for reading marks its attempts lost. */
function isOver(store: Store, attempt: number): boolean {
  settleLost(store);
  return getAttempt(store, attempt)?.outcome !== null;
}
