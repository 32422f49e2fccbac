/** A setting's value: null is a value of its own, and another thing than no setting. A list is one value. */
export type Leaf = string | number | boolean | null | readonly unknown[];

/** Dotted keys, as `--set` takes them. */
export function flatten(value: unknown, path = "", into = new Map<string, Leaf>()): Map<string, Leaf> {
  if (value === undefined) return into;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    into.set(path, value as Leaf);
    return into;
  }
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === "" ? key : `${path}.${key}`, into);
  return into;
}

/** Equal for equal values only: 1, "1", true, null and no value are all different. */
export const leafKey = (value: Leaf | undefined): string => (value === undefined ? "" : JSON.stringify(value));
