import { isDeepStrictEqual } from "node:util";
import { type Reading, valuesOf } from "./axes.js";
import { valueAt } from "./issues.js";
import { isMapping, type Mapping } from "./merge.js";
import type { Path } from "./places.js";
import { RANGE } from "./range.js";
import { keyProblem } from "./sweep-keys.js";

/** One entry of `sweep.exclude`: it matches combinations that have one of its values for every key. */
export interface Exclude {
  at: Path;
  keys: { path: string[]; values: unknown[] }[];
}

export function readExcludes(entries: unknown[], { catalog, issues }: Reading): Exclude[] {
  return entries.flatMap((entry, i) => {
    if (!isMapping(entry)) return []; // the schema has reported it
    const at: Path = ["sweep", "exclude", i];
    if (Object.keys(entry).length === 0) {
      issues.push({ path: at, message: "names no key, so it would leave out every combination", want: "value" });
      return [];
    }
    const before = issues.length;
    const keys = Object.entries(entry).map(([key, written]) => {
      const path = key.split(".");
      const problem = keyProblem(path, catalog);
      if (problem) issues.push({ path: [...at, key], want: "key", ...problem });
      return { path, values: anyOf(written, [...at, key], issues) };
    });
    return issues.length === before ? [{ at, keys }] : [];
  });
}

/** A list or a range matches any of its values. A value that is a list itself is written `[[a, b]]`. */
function anyOf(written: unknown, at: Path, issues: Reading["issues"]): unknown[] {
  const many = Array.isArray(written) || (typeof written === "string" && RANGE.test(written));
  if (!many) return [written];
  if (Array.isArray(written) && written.length === 0) issues.push({ path: at, message: "is empty", want: "value" });
  return valuesOf(written, at, issues) ?? [];
}

/** `document` is the spec of one combination, before defaults are filled in. */
export function isExcluded(document: Mapping, { keys }: Exclude): boolean {
  return keys.every(({ path, values }) => values.some((value) => holds(writtenAt(document, path), value)));
}

/** `model` and `method` may be written as only their name. */
function writtenAt(document: Mapping, path: Path): unknown {
  const [root = "", last] = path;
  const whole = document[root];
  return path.length === 2 && last === "name" && typeof whole === "string" ? whole : valueAt(document, path);
}

function holds(found: unknown, wanted: unknown): boolean {
  if (isMapping(wanted)) {
    const inside = typeof found === "string" ? { name: found } : found;
    return isMapping(inside) && Object.entries(wanted).every(([key, value]) => holds(inside[key], value));
  }
  return isDeepStrictEqual(isMapping(found) ? (found.name ?? found.preset) : found, wanted);
}
