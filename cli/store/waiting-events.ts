/**
 * Events that could not be stored yet because another program had locked the database. Each worker has a file in
 * `.waiting/` beside the runs. The runner stores the events when the database is free; if the runner is killed before
 * that, the next `lor2c` stores them.
 */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isMissing } from "../errors.js";
import { discard, entriesOf } from "../files.js";
import type { WorkerEvent } from "../protocol/messages.js";
import { type GitState, gitState } from "./git.js";
import { type AttemptsByCell, ingest } from "./ingest.js";
import { lifeOf } from "./owners/index.js";
import type { Owner } from "./owners/kind.js";
import { thisProcess } from "./owners/process.js";
import type { Store } from "./store.js";
import { isSystemError } from "./store-errors.js";

const FOLDER = ".waiting";
const BATCH = 2000;
const CHUNK = 1024 * 1024;

/** The first line of a file. */
interface Header {
  owner: Owner;
  git: GitState | null;
  attempts: [cell: string, attempt: number][];
}

/** The file of one worker's events, made when it is needed. */
export class WaitingEvents {
  readonly path: string;
  /** Bytes of the file whose events are stored already. */
  #done = 0;
  #count = 0;

  constructor(
    store: Pick<Store, "folder">,
    private readonly attempts: AttemptsByCell,
  ) {
    this.path = join(folderOf(store), `${[...attempts.values()][0]}.ndjson`);
  }

  /** How many events are in the file. */
  get count(): number {
    return this.#count;
  }

  append(events: readonly WorkerEvent[]): void {
    if (this.#count === 0) {
      mkdirSync(dirname(this.path), { recursive: true });
      const header: Header = { owner: thisProcess(), git: gitState(process.cwd()), attempts: [...this.attempts] };
      writeFileSync(this.path, lines([header]));
      this.#done = 0;
    }
    const { size } = statSync(this.path);
    try {
      appendFileSync(this.path, lines(events));
    } catch (error) {
      truncateSync(this.path, size); // on a full disk half a line would make the rest unreadable
      throw error;
    }
    this.#count += events.length;
  }

  /** Passes all events on in order, then deletes the file. If `store` throws, the next call continues from there. */
  drain(store: (events: WorkerEvent[]) => void): void {
    if (this.#count === 0) return;
    for (const { values, end } of batches(this.path, this.#done)) {
      store((this.#done === 0 ? values.slice(1) : values) as WorkerEvent[]);
      this.#done = end;
    }
    this.#count = 0;
    discard(this.path);
  }
}

/** Whether there are files, also of runners that are alive. */
export function hasWaiting(store: Store): boolean {
  return filesOf(store).length > 0;
}

function filesOf(store: Store): string[] {
  return entriesOf(folderOf(store)).filter((name) => /^\d+\.ndjson$/.test(name));
}

/**
 * Stores the events that dead runners left, within the caller's transaction. Sets aside a file that cannot be stored, so
 * that it does not stop later commands, and returns the reason by the attempt in its name.
 */
export function takeInWaiting(store: Store, isOver: (attempt: number) => boolean): Map<number, string> {
  const unreadable = new Map<number, string>();
  for (const name of filesOf(store)) {
    const path = join(folderOf(store), name);
    try {
      store.write(() => takeIn(store, path, isOver)); // all of a file or nothing
    } catch (error) {
      if (isMissing(error)) continue; // whoever stored them just now has deleted it
      if (isSystemError(error)) throw error;
      const aside = join(folderOf(store), `.unreadable-${name}`);
      renameSync(path, aside);
      unreadable.set(
        Number.parseInt(name, 10),
        `its last events cannot be stored (${(error as Error).message}): ${aside}`,
      );
    }
  }
  return unreadable;
}

function takeIn(store: Store, path: string, isOver: (attempt: number) => boolean): void {
  let header: Header | undefined;
  for (const { values } of batches(path, 0)) {
    header ??= values.shift() as Header;
    const { owner, attempts, git } = header;
    const known = attempts.filter(([cell, id]) => hasAttempt(store, cell, id));
    const life = lifeOf(owner);
    if (life !== "dead" && !(life === "elsewhere" && known.every(([, id]) => isOver(id)))) return;
    const cells = new Set(known.map(([cell]) => cell));
    ingest(
      store,
      new Map(known),
      (values as WorkerEvent[]).map((event) => without(event, cells)),
      git,
    );
  }
  store.afterCommit(() => discard(path)); // until then they are nowhere else
}

/** Drops cells that are no longer known, because their runs may have been removed. */
function without(event: WorkerEvent, known: ReadonlySet<string>): WorkerEvent {
  return "cells" in event ? { ...event, cells: event.cells.filter((cell) => known.has(cell)) } : event;
}

function hasAttempt(store: Store, cell: string, id: number): boolean {
  return store.prepare("SELECT 1 FROM attempts WHERE id = ? AND run = ?").get(id, cell) !== undefined;
}

const folderOf = (store: Pick<Store, "folder">): string => join(store.folder, "runs", FOLDER);

const lines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");

/** The file's values from byte `start` on. Skips a last line without an end: its writer was killed while writing. */
function* batches(path: string, start: number): Generator<{ values: unknown[]; end: number }> {
  const descriptor = openSync(path, "r");
  try {
    let values: unknown[] = [];
    let end = start;
    let rest = Buffer.alloc(0);
    const chunk = Buffer.alloc(CHUNK);
    for (let at = start; ; ) {
      const read = readSync(descriptor, chunk, 0, CHUNK, at);
      if (read === 0) break;
      at += read;
      rest = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let line = rest.indexOf(10); line !== -1; line = rest.indexOf(10)) {
        values.push(JSON.parse(rest.toString("utf8", 0, line)));
        rest = rest.subarray(line + 1);
        end += line + 1;
        if (values.length < BATCH) continue;
        yield { values, end };
        values = [];
      }
    }
    if (values.length > 0) yield { values, end };
  } finally {
    closeSync(descriptor);
  }
}
