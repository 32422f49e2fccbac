/**
 * Where a key of the merged spec was written. A spec is a stack of layers: extended file, file, `--set` flags, sweep.
 */

/** The file name for places in `--set` flags. */
export const SET_FLAG = "--set";

/** The file name for the standard input, in places and for reading. Paths in it start from the working folder. */
export const STDIN = "<stdin>";

export type Path = readonly (string | number)[];

/** 1-based, as editors count. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

export type Want = "key" | "value";

export interface Layer {
  /** The place of exactly this path in this layer. */
  find(path: Path, want: Want): Place | undefined;
  /** Whether it replaces everything that lower layers have at `path` and below: by a text, a number or a list. */
  replaces?(path: Path): boolean;
  /** A place below `path` in this layer, for layers made of one dotted key. */
  beneath?(path: Path): Place | undefined;
}

/** The place of what a layer has at `path` itself, or above it instead of a mapping that could have it. */
function own(layer: Layer, path: Path, want: Want): Place | undefined {
  const exact = layer.find(path, want);
  if (exact) return exact;
  for (let length = path.length - 1; length > 0; length--) {
    const above = path.slice(0, length);
    if (layer.replaces?.(above)) return layer.find(above, "value");
  }
  return undefined;
}

/**
 * The nearest place of `path`: the topmost layer that has it or replaces it, else a place below it, else the same for its parent.
 * `layers` go from the lowest to the topmost; the lowest one always has a place for the document itself (`[]`).
 */
export function locate(layers: readonly Layer[], path: Path, want: Want): Place {
  const topmostFirst = layers.toReversed();
  for (let length = path.length; length >= 0; length--) {
    const prefix = path.slice(0, length);
    for (const layer of topmostFirst) {
      const place = own(layer, prefix, want);
      if (place) return place;
    }
    // At the root every dotted layer would match, but the document itself is the better place.
    if (length === 0) break;
    for (const layer of topmostFirst) {
      const place = layer.beneath?.(prefix);
      if (place) return place;
    }
  }
  return { file: "spec", line: 1, column: 1 };
}

/** A layer with one value at `prefix`; `inner` has the places within the value, relative to it. */
export function dottedLayer(prefix: Path, key: Place, inner: Layer): Layer {
  const under = (path: Path) => prefix.every((part, i) => path[i] === part);
  return {
    find(path, want) {
      if (path.length < prefix.length || !under(path)) return undefined;
      if (path.length === prefix.length && want === "key") return key;
      return inner.find(path.slice(prefix.length), want);
    },
    replaces: (path) =>
      path.length >= prefix.length && under(path) && inner.replaces?.(path.slice(prefix.length)) === true,
    beneath(path) {
      return path.length < prefix.length && path.every((part, i) => prefix[i] === part) ? key : undefined;
    },
  };
}

/** `a.b` of `["a", "b"]`; list positions as `[0]`. */
export function dotted(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${part}` : part),
    "",
  );
}
