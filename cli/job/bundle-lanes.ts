import type { Lane } from "./lane.js";

/** The runs of one worker, and the lanes in which its events have named them. */
export class BundleLanes {
  /** Keyed by first run and count, so that only lanes that agree in these are compared run by run. */
  readonly #lanes = new Map<string, Lane[]>();
  readonly #own: ReadonlySet<string>;

  constructor(
    readonly runs: readonly string[],
    private readonly make: (runs: readonly string[]) => Lane,
  ) {
    this.#own = new Set(runs);
  }

  /** The lane of exactly these runs; undefined if they are not runs of this bundle. */
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
