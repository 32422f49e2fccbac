import { isAbsolute, relative, resolve, sep } from "node:path";
import { isLocalPath } from "../spec/local-paths.js";
import { isMapping, type Mapping } from "../spec/merge.js";

/** Keys below which values belong to other keys: `sweep.grid` has dotted ones, the others lists of changes. */
const SECTIONS: ReadonlySet<string> = new Set([
  "sweep.grid",
  "sweep.zip",
  "sweep.variants",
  "sweep.include",
  "sweep.exclude",
]);

/** The document with relative paths, which started from folder `from`, so that they are right in a file in `to`. */
export const movePaths = (document: Mapping, from: string, to: string): Mapping =>
  moved(document, "", from, to) as Mapping;

/** The value of one `--set`. */
export const moveValue = (value: unknown, key: string, from: string, to: string): unknown =>
  moved(value, key, from, to);

function moved(value: unknown, key: string, from: string, to: string): unknown {
  if (Array.isArray(value)) return value.map((one) => moved(one, key, from, to));
  if (isMapping(value)) {
    const start = SECTIONS.has(key) || key === "" ? "" : `${key}.`;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, moved(inner, start + name, from, to)]),
    );
  }
  const named = key === "model" ? "model.name" : key;
  return isLocalPath(named, value) ? movedPath(value, from, to) : value;
}

function movedPath(path: string, from: string, to: string): string {
  if (isAbsolute(path) || path.startsWith("~/") || resolve(from) === resolve(to)) return path;
  const found = relative(to, resolve(from, path)).split(sep).join("/");
  return found === ".." || found.startsWith("../") ? found : `./${found}`;
}
