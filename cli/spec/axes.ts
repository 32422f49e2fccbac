import type { Catalog } from "./catalog.js";
import type { Issue } from "./issues.js";
import { isMapping, leaves, type Mapping, merge, setAt } from "./merge.js";
import { dottedLayer, type Layer, locate, type Path } from "./places.js";
import { RANGE } from "./range.js";
import { FileSchema } from "./schema.js";
import { keyProblem } from "./sweep-keys.js";

/** The most runs of a sweep. More would take minutes to plan; grids like the paper's are far smaller. */
export const MAX_CELLS = 100_000;

/** One change to the spec, and where it was written. */
export interface Change {
  apply(document: Mapping): Mapping;
  layer: Layer;
  /**
   * Whole mappings (`method`, depth 1) are applied before the keys inside them (`method.rank`, 2); variants before
   * both.
   */
  depth: number;
}

/** One of the choices of an axis. */
export interface Choice {
  changes: Change[];
  /** Values by dotted key, for an axis made of keys. */
  values: Mapping;
  /** The user's label for this variant. */
  label: string | null;
}

export interface Axis {
  choices: Choice[];
  /** The keys that the axis may change. */
  keys: Path[];
}

/** What reading a sweep needs: its layers, and the list for its problems. */
export interface Reading {
  layers: readonly Layer[];
  catalog: Catalog;
  issues: Issue[];
}

/**
 * The list of one key of `sweep.grid`, or the lists of `sweep.zip`, which run together. Undefined if it cannot be
 * used.
 */
export function keyAxis(section: "grid" | "zip", lists: Mapping, reading: Reading): Axis | undefined {
  const columns = Object.entries(lists).map(([key, written]) => {
    const at: Path = ["sweep", section, key];
    const problem = keyProblem(key.split("."), reading.catalog);
    if (problem) reading.issues.push({ path: at, want: "key", ...problem });
    const values = valuesOf(written, at, reading.issues);
    return { key, at, values: problem ? undefined : values };
  });
  const [first] = columns;
  if (!first || columns.some(({ values }) => values === undefined)) return undefined;
  const length = first.values?.length ?? 0;
  const other = columns.find(({ values }) => values?.length !== length);
  if (other) {
    const message = `has ${count(other.values?.length ?? 0)} and ${first.key} has ${count(length)}; lists that run together are equally long`;
    reading.issues.push({ path: other.at, message, want: "value" });
    return undefined;
  }
  const choices = Array.from({ length }, (_, i): Choice => {
    const entries = columns.map(({ key, at, values = [] }) => ({ key, at, value: values[i] }));
    return {
      changes: entries.map(({ key, at, value }) => keyChange(key, value, at, [...at, i], reading.layers)),
      values: Object.fromEntries(entries.map(({ key, value }) => [key, value])),
      label: null,
    };
  });
  const keys = columns.flatMap(({ key, values = [] }) => values.flatMap((value) => leaves(value, key.split("."))));
  return { choices, keys: unique(keys) };
}

/** Sets one key to a value that was written at `place`. All values of a range have the place of its key. */
export function keyChange(key: string, value: unknown, at: Path, place: Path, layers: readonly Layer[]): Change {
  const path = key.split(".");
  const find = topmost(layers);
  const inner: Layer = { find: (rest, want) => find([...place, ...rest], want) ?? find(at, "value") };
  return {
    apply: (document) => setAt(document, path, value) as Mapping,
    layer: dottedLayer(path, locate(layers, at, "key"), inner),
    depth: path.length,
  };
}

export function variantsAxis(variants: unknown[], { layers, issues }: Reading): Axis {
  const labels = new Set<unknown>();
  const axis: Axis = { choices: [], keys: [] };
  const find = topmost(layers);
  for (const [i, variant] of variants.entries()) {
    if (!isMapping(variant)) continue;
    const { label, ...change } = variant;
    const at: Path = ["sweep", "variants", i];
    if (label !== undefined && labels.has(label)) {
      issues.push({ path: [...at, "label"], message: `another variant has the label "${label}"`, want: "value" });
    }
    labels.add(label);
    for (const key of Object.keys(change).filter((key) => key in FileSchema.shape)) {
      issues.push({ path: [...at, key], message: "cannot differ between the runs of a spec", want: "key" });
      delete change[key];
    }
    const layer: Layer = {
      find: (path, want) => (path.length === 0 ? undefined : find([...at, ...path], want)),
      replaces: (path) => path.length > 0 && layers.some((one) => one.replaces?.([...at, ...path])),
    };
    axis.choices.push({
      changes: [{ apply: (document) => merge(document, change) as Mapping, layer, depth: 0 }],
      values: {},
      label: typeof label === "string" ? label : null,
    });
    axis.keys.push(...leaves(change, []));
  }
  return { choices: axis.choices, keys: unique(axis.keys) };
}

/** The values of a list or range; undefined if the schema or an issue has reported it. */
export function valuesOf(written: unknown, at: Path, issues: Issue[]): unknown[] | undefined {
  const list = typeof written === "string" && RANGE.test(written) ? range(written) : written;
  if (typeof list === "string" && list !== written) issues.push({ path: at, message: list, want: "value" });
  return Array.isArray(list) && list.length > 0 ? list : undefined;
}

/** The numbers of `a..b`, both ends included, or a text that says what is wrong. */
function range(text: string): number[] | string {
  const [from = 0, to = 0] = text.split("..").map(Number);
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return `the range ${text} has too large numbers`;
  if (from > to) return `the range ${text} runs downwards; write ${to}..${from}`;
  if (to - from >= MAX_CELLS) return `the range ${text} has more than ${MAX_CELLS.toLocaleString("en")} values`;
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Finds the place of exactly this path in the topmost layer that has it. */
function topmost(layers: readonly Layer[]): Layer["find"] {
  return (path, want) => {
    for (const layer of layers.toReversed()) {
      const place = layer.find(path, want);
      if (place) return place;
    }
    return undefined;
  };
}

export function unique(paths: Path[]): Path[] {
  return [...new Map(paths.map((path) => [path.join("."), path])).values()];
}

const count = (values: number) => `${values.toLocaleString("en")} value${values === 1 ? "" : "s"}`;
