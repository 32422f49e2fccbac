/** The settings in which the runs on the screen differ. */
import { storedSettings } from "../../store/stored-settings.js";
import { flatten, type Leaf, leafKey } from "../../views/compare/flatten.js";
import type { ScreenRun } from "../data.js";

type Settings = ScreenRun["settings"];

const NONE: Settings = {};

/** Keeps what it read, because the settings of a run never change. Objects that did not change stay the same. */
export class Differences {
  readonly #flat = new Map<string, ReadonlyMap<string, Leaf>>();
  #keys: readonly string[] = [];
  #of = new Map<string, Settings>();

  /** `read` gets the runs that are new, and returns their stored settings. */
  update(runs: readonly string[], read: (runs: readonly string[]) => ReadonlyMap<string, string>): void {
    const missing = runs.filter((run) => !this.#flat.has(run));
    if (missing.length === 0 && runs.length === this.#flat.size) return;
    const shown = new Set(runs);
    for (const run of this.#flat.keys()) if (!shown.has(run)) this.#flat.delete(run);
    for (const [run, text] of read(missing)) this.#flat.set(run, flatten(storedSettings(text)));
    const keys = differing([...this.#flat.values()]);
    const same = keys.length === this.#keys.length && keys.every((key, at) => key === this.#keys[at]);
    this.#keys = keys;
    const before = same ? this.#of : undefined;
    this.#of = new Map([...this.#flat].map(([run, flat]) => [run, before?.get(run) ?? chosen(flat, keys)]));
  }

  of(run: string): Settings {
    return this.#of.get(run) ?? NONE;
  }
}

/**
 * In the order of the settings. One that only some runs have differs if they differ in it; else it says no more than
 * `method.name`, to which it belongs.
 */
function differing(all: readonly ReadonlyMap<string, Leaf>[]): string[] {
  const first = new Map<string, Leaf>();
  const found = new Set<string>();
  for (const flat of all) {
    for (const [key, value] of flat) {
      const other = first.get(key);
      if (other === undefined) first.set(key, value);
      else if (!found.has(key) && !same(value, other)) found.add(key);
    }
  }
  return [...first.keys()].filter((key) => found.has(key));
}

const same = (a: Leaf, b: Leaf): boolean => a === b || (typeof a === "object" && leafKey(a) === leafKey(b));

function chosen(flat: ReadonlyMap<string, Leaf>, keys: readonly string[]): Settings {
  const pairs = keys.flatMap((key) => {
    const value = flat.get(key);
    if (value === undefined) return [];
    return [[key, typeof value === "object" && value !== null ? JSON.stringify(value) : value]];
  });
  return Object.fromEntries(pairs) as Settings;
}
