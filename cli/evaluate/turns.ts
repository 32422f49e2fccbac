/** Lets works that concern the same thing begin only when those before them are over. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Rejects as `work` does; the next one has its turn all the same. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#last.get(key) ?? Promise.resolve()).then(work);
    this.#last.set(
      key,
      mine.catch(() => {}),
    );
    return mine;
  }
}
