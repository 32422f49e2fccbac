import { isDeepStrictEqual } from "node:util";
import { valueAt } from "./issues.js";
import { isMapping, leaves, type Mapping } from "./merge.js";
import type { Path } from "./places.js";
import type { SetFlag } from "./set-flags.js";

/** One value of a `--set`. A mapping sets several, and each may be replaced on its own. */
interface SetValue {
  /** The key as messages show it. */
  shown: Path;
  path: Path;
  value: unknown;
}

/** Counts the runs that have each value of a `--set`, to report values that a sweep replaces. */
export class SetEffects {
  readonly #runs: Map<SetValue, number>;
  #total = 0;

  constructor(flags: readonly SetFlag[]) {
    // A later flag replaces earlier ones on purpose; the sweep and the name are not part of a run.
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

  /** The keys whose value no run has, and a note for each that only some runs have. */
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

const OF_NO_RUN = new Set(["name", "sweep", "on_error", "jobs", "devices", "keep", "evaluate"]);

/** The values of a flag. A mapping is merged into the file's, so each of its values counts on its own. */
function valuesOf({ path, value }: SetFlag): SetValue[] {
  if (!isMapping(value)) return [{ shown: path, path, value }];
  return leaves(value, path).map((leaf) => ({
    shown: leaf,
    path: leaf,
    value: valueAt(value, leaf.slice(path.length)),
  }));
}

/** Whether a run has the value that was set: all keys of a mapping; for only a name, the key of the name. */
function contains(found: unknown, set: unknown): boolean {
  if (isMapping(found) && isMapping(set))
    return Object.entries(set).every(([key, value]) => contains(found[key], value));
  if (isMapping(found) && typeof set === "string") return found.name === set || found.preset === set;
  return isDeepStrictEqual(found, set);
}

const covers = (outer: Path, inner: Path) => outer.every((part, i) => part === inner[i]);
