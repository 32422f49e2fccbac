import type { Budget } from "./budget.js";

interface Entry<T> {
  mark: string;
  value: T;
}

/** What was read of single runs, kept until the run changes; of `most` runs, the ones that were looked at last. */
export class Kept<T> {
  readonly #entries = new Map<string, Entry<T>>();

  constructor(
    private readonly budget: Budget,
    private readonly most: number,
  ) {}

  /** A value that was never read is read at once. One that is old stays until the budget allows to read it again. */
  get(run: string, mark: string, load: (before: T | undefined) => T): T {
    const kept = this.#entries.get(run);
    const entry = this.#entryOf(mark, load, kept);
    this.#entries.delete(run); // the newest is last
    this.#entries.set(run, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.most && oldest !== undefined) this.#entries.delete(oldest);
    return entry.value;
  }

  #entryOf(mark: string, load: (before: T | undefined) => T, kept: Entry<T> | undefined): Entry<T> {
    if (kept === undefined) return { mark, value: load(undefined) }; // not from the budget: somebody waits for it
    if (kept.mark === mark) return kept;
    if (this.budget.isFree) return { mark, value: this.budget.spend(() => load(kept.value)) };
    this.budget.owes = true;
    return kept;
  }
}
