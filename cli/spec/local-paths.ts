/** Values that are local paths: where relative ones start, and how they are shown. */
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Settings } from "./cell.js";
import { type Layer, locate, type Path } from "./places.js";

/** Keys whose value can be a path. */
const PATH_KEYS: ReadonlySet<string> = new Set(["data.path", "model.name", "train.start_from", "evaluate.data"]);

/** Whether the name of a model or run is a folder instead. */
const isFolder = (name: string) => /^(\.{0,2}|~)\//.test(name) || /^\.{1,2}$/.test(name);

/** Makes paths relative to the file that contains them, so that a spec means the same from every folder. */
export function withAnchoredPaths({ model, data, train, ...rest }: Settings, layers: readonly Layer[]): Settings {
  const from = train.start_from;
  const start_from = from && isFolder(from) ? anchored(from, ["train", "start_from"], layers) : from;
  const path = data.path && anchored(data.path, ["data", "path"], layers);
  const name = isFolder(model.name) ? anchored(model.name, ["model", "name"], layers) : model.name;
  return { ...rest, model: { ...model, name }, data: { ...data, path }, train: { ...train, start_from } };
}

/** The value of a dotted key, with paths like those of `withAnchoredPaths`. */
export function anchoredValue(key: string, value: unknown, layers: readonly Layer[]): unknown {
  return isLocalPath(key, value) ? anchored(value, key.split("."), layers) : value;
}

/** Whether the value of a dotted key is a path, not a name of something else. */
export const isLocalPath = (key: string, value: unknown): value is string =>
  PATH_KEYS.has(key) &&
  typeof value === "string" &&
  (key === "data.path" || key === "evaluate.data" || isFolder(value));

/** Paths in `--set` and on stdin start from the working folder. */
function anchored(path: string, key: Path, layers: readonly Layer[]): string {
  if (path.startsWith("~/")) return resolve(homedir(), path.slice(2));
  return resolve(dirname(locate(layers, key, "value").file), path);
}

/**
 * How the values of a key are shown: paths without the folder that all of them share, as in `path=fold1` and
 * `path=fold2`; in full if a short one would be the name of something else.
 */
export function shownNames(key: string, values: readonly unknown[]): (value: unknown) => unknown {
  if (!PATH_KEYS.has(key)) return (value) => value;
  const isPath = (value: unknown): value is string => typeof value === "string" && isAbsolute(value);
  const paths = [...new Set(values.filter(isPath))];
  const common = commonFolder(paths.map(dirname));
  const short = (path: string) => relative(common, path) || basename(path);
  const shown = new Map(paths.map((path) => [path, short(path)]));
  const others = new Set(values.filter((value) => !isPath(value)));
  const clash = [...shown.values()].some((name) => others.has(name)) || new Set(shown.values()).size < shown.size;
  return (value) => (isPath(value) && !clash ? (shown.get(value) ?? value) : value);
}

function commonFolder(folders: readonly string[]): string {
  const [first = sep, ...rest] = folders.map((folder) => folder.split(sep));
  const parts = [...first];
  for (const other of rest) {
    const differs = parts.findIndex((part, i) => part !== other[i]);
    if (differs >= 0) parts.length = differs;
  }
  return parts.join(sep) || sep;
}
