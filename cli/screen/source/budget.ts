import { paced } from "../paced.js";

/** Milliseconds. */
const LONGEST = 60_000;

/** The part of a core that several readings may take together. */
export class Budget {
  #free = 0;
  /** Whether somebody got something old because it is not. */
  owes = false;

  constructor(
    private readonly share: number,
    private readonly now: () => number,
    /** Milliseconds between two readings at least. */
    private readonly least: number,
  ) {}

  /** Whether what was read before is paid for. */
  get isFree(): boolean {
    return this.now() >= this.#free;
  }

  /** Does the work in any case: whether it can wait is for the caller to say. */
  spend<T>(work: () => T): T {
    const { result, wait } = paced(this.share, { least: this.least, most: LONGEST }, work);
    this.#free = Math.max(this.#free, this.now()) + wait;
    return result;
  }
}
