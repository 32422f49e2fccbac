import type { Lane } from "./lane.js";

/** The runs of one worker, and the lanes in which it has told of them. */
export class BundleLanes {
  /** By first run and count: comparing whole lists of runs is left to what agrees in these. */
  readonly #lanes = new Map<string, Lane[]>();
  readonly #own: ReadonlySet<string>;

  constructor(
    readonly runs: readonly string[],
    private readonly make: (runs: readonly string[]) => Lane,
  ) {
    this.#own = new Set(runs);
  }

  /** The lane of exactly these runs; undefined for none of this bundle's. */
  laneOf(runs: readonly string[]): Lane | undefined {
    const key = `${runs[0]} ${runs.length}`;
    const alike = this.#lanes.get(key) ?? [];
    const known = alike.find((lane) => lane.runs.every((run, i) => run === runs[i]));
    if (known) return known;
    if (runs.length === 0 || !runs.every((run) => this.#own.has(run))) return undefined;
    const lane = this.make(runs);
    this.#lanes.set(key, [...alike, lane]);
    return lane;
  }
}
