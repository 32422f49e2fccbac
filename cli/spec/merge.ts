/** How one layer of a spec changes the one below it: mappings merge key by key, everything else is replaced. */
import type { Path } from "./places.js";

export type Mapping = Record<string, unknown>;

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const NAMED: ReadonlySet<unknown> = new Set(["model", "task", "method"]);

/**
 * Keys whose value may be only a name: `method: x` means `method: {name: x}`, likewise for `model` and `task`, and a
 * method's parameter `p: x` means `p: {preset: x}` where the parameter has presets. Returns the key of the name.
 */
function nameKey(path: Path): "name" | "preset" | undefined {
  if (path.length === 1 && NAMED.has(path[0])) return "name";
  return path.length === 2 && path[0] === "method" ? "preset" : undefined;
}

/** `base` changed by `over`, both at `path` of a spec. Neither is modified. */
export function merge(base: unknown, over: unknown, path: Path = []): unknown {
  const name = nameKey(path);
  const from = name && typeof base === "string" && isMapping(over) ? { [name]: base } : base;
  const to = name === "name" && typeof over === "string" ? { name: over } : over;
  if (!isMapping(to)) return to;
  // Another model or method has other keys, so the base's keys for the former one do not apply. The same holds for
  // a preset, which sets all fields at once.
  const other = name && to[name] !== undefined && (!isMapping(from) || from[name] !== to[name] || name === "preset");
  const start = isMapping(from) && !other ? from : {};
  const merged: Mapping = { ...start };
  for (const [key, value] of Object.entries(to)) merged[key] = merge(start[key], value, [...path, key]);
  return merged;
}

/** `base` with `value` at one dotted key. Nothing else changes: setting `method.name` keeps the written parameters. */
export function setAt(base: unknown, path: Path, value: unknown, at: Path = []): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return merge(base, value, at);
  const name = nameKey(at);
  const start = isMapping(base) ? base : name && typeof base === "string" ? { [name]: base } : {};
  return { ...start, [head]: setAt(start[head], rest, value, [...at, head]) };
}

/** The keys of a change that have plain values: `{train: {seed: 1}}` gives `["train", "seed"]`. */
export function leaves(value: unknown, path: Path): Path[] {
  const name = nameKey(path);
  if (name === "name" && typeof value === "string") return [[...path, name]];
  if (!isMapping(value) || (name === "preset" && value.preset !== undefined)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}
