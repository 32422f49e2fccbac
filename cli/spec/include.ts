import { isDeepStrictEqual } from "node:util";
import { type Change, keyChange, type Reading } from "./axes.js";
import { isMapping, leaves, type Mapping } from "./merge.js";
import type { Path } from "./places.js";
import { keyProblem } from "./sweep-keys.js";

/**
 * One entry of `sweep.include`. If its values of axis keys match combinations, its other keys are changed in these. An
 * entry that matches no combination, or names no axis, is a run of its own: the spec with all of the entry's keys
 * changed.
 */
export interface Include {
  at: Path;
  label: string | null;
  /** The keys that are axes of the sweep. */
  where: Mapping;
  /** The other keys. */
  changes: Change[];
  /** All keys. */
  alone: Change[];
  keys: Path[];
}

export function readIncludes(entries: unknown[], axisKeys: ReadonlySet<string>, reading: Reading): Include[] {
  const { layers, catalog, issues } = reading;
  const labels = new Set<unknown>();
  return entries.flatMap((entry, i) => {
    if (!isMapping(entry)) return []; // the schema has reported it
    const at: Path = ["sweep", "include", i];
    const { label, ...written } = entry;
    if (label !== undefined && labels.has(label)) {
      issues.push({ path: [...at, "label"], message: `another entry has the label "${label}"`, want: "value" });
    }
    labels.add(label);
    const before = issues.length;
    for (const key of Object.keys(written)) {
      const problem = keyProblem(key.split("."), catalog);
      if (problem) issues.push({ path: [...at, key], want: "key", ...problem });
    }
    if (issues.length > before) return [];
    const all = Object.entries(written).map(([key, value]) => {
      const place = [...at, key];
      return { key, value, change: keyChange(key, value, place, place, layers) };
    });
    const others = all.filter(({ key }) => !axisKeys.has(key));
    return [
      {
        at,
        label: typeof label === "string" ? label : null,
        where: Object.fromEntries(all.filter(({ key }) => axisKeys.has(key)).map(({ key, value }) => [key, value])),
        changes: others.map(({ change }) => change),
        alone: all.map(({ change }) => change),
        keys: all.flatMap(({ key, value }) => leaves(value, key.split("."))),
      },
    ];
  });
}

/** Whether an entry matches the combination with these values of the axes. */
export function fits({ where }: Include, values: Mapping): boolean {
  const keys = Object.keys(where);
  return keys.length > 0 && keys.every((key) => key in values && isDeepStrictEqual(values[key], where[key]));
}
