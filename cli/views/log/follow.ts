import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { Lor2cError } from "../../errors.js";
import { statOf } from "../../files.js";

/** Milliseconds between two checks of a growing file. */
const POLL = 300;

/** Yields the text of a file that may not exist yet, and what is added to it until `isOver`. */
export async function* follow(file: string, isOver: () => boolean): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8"); // a read may end in the middle of a character
  for (let position = 0; ; await sleep(POLL)) {
    const over = isOver(); // asked before the last read, so that nothing added in between is missed
    const size = statOf(file)?.size ?? 0;
    if (size > position) yield* part(file, position, size - 1, decoder);
    position = Math.max(position, size);
    if (over) return;
  }
}

async function* part(file: string, start: number, end: number, decoder: StringDecoder): AsyncGenerator<string> {
  try {
    for await (const bytes of createReadStream(file, { start, end })) yield decoder.write(bytes as Buffer);
  } catch (error) {
    throw new Lor2cError("LOG_UNREADABLE", `cannot read ${file}: ${(error as Error).message}`);
  }
}
