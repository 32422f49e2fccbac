import { isDeepStrictEqual } from "node:util";
import { valueAt } from "./issues.js";
import { isMapping, leaves, type Mapping } from "./merge.js";
import type { Path } from "./places.js";
import type { SetFlag } from "./set-flags.js";

/** One value of a `--set`: a mapping sets several, and each may be replaced by itself. */
interface SetValue {
  /** As messages name it. */
  shown: Path;
  path: Path;
  value: unknown;
}

/** Counts for each value of a `--set` the runs that have it: a sweep that replaces it would otherwise do so unseen. */
export class SetEffects {
  readonly #runs: Map<SetValue, number>;
  #total = 0;

  constructor(flags: readonly SetFlag[]) {
    // What a later flag replaces is meant to be replaced; the sweep and the name belong to no run.
    const values = flags.flatMap((flag, i) =>
      OF_NO_RUN.has(String(flag.path[0]))
        ? []
        : valuesOf(flag).filter(({ path }) => !flags.slice(i + 1).some((later) => covers(later.path, path))),
    );
    this.#runs = new Map(values.map((value) => [value, 0]));
  }

  see(cell: Mapping): void {
    this.#total++;
    for (const [one, runs] of this.#runs) {
      if (contains(valueAt(cell, one.path), one.value)) this.#runs.set(one, runs + 1);
    }
  }

  /** The keys whose value no run has, and a note on each that only some have. */
  result(): { useless: Path[]; notes: string[] } {
    const counted = [...this.#runs];
    return {
      useless: this.#total > 0 ? counted.filter(([, runs]) => runs === 0).map(([{ shown }]) => shown) : [],
      notes: counted
        .filter(([, runs]) => runs > 0 && runs < this.#total)
        .map(
          ([{ shown }, runs]) =>
            `--set ${shown.join(".")} applies to ${runs} of ${this.#total} runs; the sweep sets it in the others`,
        ),
    };
  }
}

const OF_NO_RUN = new Set(["name", "sweep", "on_error", "jobs", "devices"]);

/** What is set where: mappings are merged into what the file says, so each of their values counts alone. */
function valuesOf({ path, value }: SetFlag): SetValue[] {
  if (!isMapping(value)) return [{ shown: path, path, value }];
  return leaves(value, path).map((leaf) => ({
    shown: leaf,
    path: leaf,
    value: valueAt(value, leaf.slice(path.length)),
  }));
}

/** Whether a run's value is the one that was set: all of a mapping's keys, and a name alone by the key that holds it. */
function contains(found: unknown, set: unknown): boolean {
  if (isMapping(found) && isMapping(set))
    return Object.entries(set).every(([key, value]) => contains(found[key], value));
  if (isMapping(found) && typeof set === "string") return found.name === set || found.preset === set;
  return isDeepStrictEqual(found, set);
}

const covers = (outer: Path, inner: Path) => outer.every((part, i) => part === inner[i]);
