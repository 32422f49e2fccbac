import { isDeepStrictEqual } from "node:util";
import { valueAt } from "./issues.js";
import { isMapping, type Mapping } from "./merge.js";
import type { Path } from "./places.js";
import type { SetFlag } from "./set-flags.js";

/** Counts for each `--set` the runs that have its value: a sweep that replaces it would otherwise do so unseen. */
export class SetEffects {
  readonly #flags: SetFlag[];
  readonly #runs: Map<SetFlag, number>;
  #total = 0;

  constructor(flags: readonly SetFlag[]) {
    // What a later flag replaces is meant to be replaced; the sweep and the name belong to no run.
    this.#flags = flags.filter(
      (flag, i) =>
        !OF_NO_RUN.has(String(flag.path[0])) && !flags.slice(i + 1).some((later) => covers(later.path, flag.path)),
    );
    this.#runs = new Map(this.#flags.map((flag) => [flag, 0]));
  }

  see(cell: Mapping): void {
    this.#total++;
    for (const flag of this.#flags) {
      const found = valueAt(cell, flag.path);
      // `model` and `method` may be written as their name alone.
      const has = isDeepStrictEqual(isMapping(found) && !isMapping(flag.value) ? found.name : found, flag.value);
      if (has) this.#runs.set(flag, (this.#runs.get(flag) ?? 0) + 1);
    }
  }

  /** Flags that no run has, and a note on each that only some have. */
  result(): { useless: SetFlag[]; notes: string[] } {
    const counted = [...this.#runs];
    return {
      useless: this.#total > 0 ? counted.filter(([, runs]) => runs === 0).map(([flag]) => flag) : [],
      notes: counted
        .filter(([, runs]) => runs > 0 && runs < this.#total)
        .map(
          ([flag, runs]) =>
            `--set ${flag.path.join(".")} applies to ${runs} of ${this.#total} runs; the sweep sets it in the others`,
        ),
    };
  }
}

const OF_NO_RUN = new Set(["name", "sweep", "on_error", "jobs", "devices"]);

const covers = (outer: Path, inner: Path) => outer.every((part, i) => part === inner[i]);
