/** The source of `lor2c watch`: stored runs, as all processes write them. */
import { isMissing, messageOf } from "../../errors.js";
import { identityOf } from "../../files.js";
import { resolveDbPath, type Store } from "../../store/store.js";
import type { CurvesData } from "../../views/curves/data.js";
import type { TimelineData } from "../../views/timeline/data.js";
import type { AddedColumns, LogLine, ScreenData, ScreenSource } from "../data.js";
import { choose, type Shown } from "./choose.js";
import { type Matching, UNREADABLE } from "./matching.js";
import { Reading, type ReadingOptions } from "./reading.js";

/** Of the core on which the screen runs alone. */
const SHARE = 0.05;
const EVERY = 250;
/** Milliseconds until a database that could not be read is opened again. */
const AGAIN = 2000;

/**
 * The runs that the words mean, see `choose`. Throws what `lor2c show` would throw for a database or words that mean
 * nothing. Later it never throws: what was read last stays, and the log says why.
 */
export function storedSource(
  dbPath: string | undefined,
  words: readonly string[] = [],
  options: Partial<ReadingOptions> = {},
): StoredSource {
  const defaults = { share: SHARE, every: EVERY, ofJob: false, now: Date.now };
  return new StoredSource(resolveDbPath(dbPath), (store) => choose(store, words), { ...defaults, ...options });
}

export class StoredSource implements ScreenSource {
  #reading: Reading;
  #data: ScreenData;
  #trouble: { line: LogLine; until: number } | null = null;
  #withTrouble: { data: ScreenData; line: LogLine; shown: ScreenData } | null = null;

  constructor(
    private readonly path: string,
    private readonly choose: (store: Store) => Shown,
    private readonly options: ReadingOptions,
  ) {
    this.#reading = new Reading(path, choose, options);
    try {
      this.#data = this.#reading.read();
    } catch (error) {
      this.#reading.close();
      throw error;
    }
  }

  read(): ScreenData {
    const now = this.options.now();
    if (this.#trouble && now < this.#trouble.until) return this.#shown(this.#trouble.line);
    try {
      if (this.#trouble || identityOf(this.path) !== this.#reading.store.identity) this.#reopen();
      this.#data = this.#reading.read();
      this.#trouble = null;
      return this.#data;
    } catch (error) {
      this.#trouble = { line: this.#trouble?.line ?? this.#lineOf(error, now), until: now + AGAIN };
      return this.#shown(this.#trouble.line);
    }
  }

  timeline(run: string): TimelineData | null {
    return orNull(() => this.#reading.timeline(run));
  }

  curves(run: string): CurvesData | null {
    return orNull(() => this.#reading.curves(run));
  }

  matching(filter: string): Matching {
    return orNull(() => this.#reading.matching(filter)) ?? UNREADABLE;
  }

  columns(text: string): AddedColumns {
    return orNull(() => this.#reading.columns(text)) ?? UNREADABLE;
  }

  attemptOf(run: string): number | null {
    return this.#reading.attemptOf(run);
  }

  close(): void {
    this.#reading.close();
  }

  /** The old reading stays until another one has succeeded, because it has what was read. */
  #reopen(): void {
    const next = new Reading(this.path, this.choose, this.options);
    this.#reading.close();
    this.#reading = next;
  }

  #lineOf(error: unknown, now: number): LogLine {
    const [message] = messageOf(error).split("\n");
    const text = isMissing(error) ? `there is no database ${this.path} any more` : message;
    return { at: now, level: "error", runs: [], label: "", text: `${text}: what is shown is from before` };
  }

  #shown(line: LogLine): ScreenData {
    const data = this.#data;
    if (this.#withTrouble?.data !== data || this.#withTrouble.line !== line) {
      this.#withTrouble = { data, line, shown: { ...data, log: [...data.log, line] } };
    }
    return this.#withTrouble.shown;
  }
}

/** Whatever the reason is that something cannot be read now: it must not end a job, and `read` tells it. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
