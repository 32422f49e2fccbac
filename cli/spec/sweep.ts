import { schemaAt } from "./allowed.js";
import type { Catalog } from "./catalog.js";
import type { Issue } from "./issues.js";
import { listKeys, specJsonSchemaRaw } from "./keys.js";
import { isMapping, leaves, type Mapping, merge, setAt } from "./merge.js";
import { dottedLayer, type Layer, locate, type Path, type Place } from "./places.js";
import { CellSchema, FileSchema, RANGE } from "./schema.js";
import { nearest, suggestion } from "./suggest.js";

/** More would take minutes to inspect; no grid of the paper's kind comes near. */
export const MAX_CELLS = 100_000;

/** One value of an axis: a change to the spec. */
export interface Choice {
  apply(document: Mapping): Mapping;
  layer: Layer;
  /** Whole mappings (`method`, depth 1) are applied before the keys inside them (`method.rank`, 2); variants before all. */
  depth: number;
  /** What the user called this variant. */
  label: string | null;
}

export interface Axis {
  choices: Choice[];
  /** The keys that the axis may change. */
  keys: Path[];
}

export interface SweepAxes {
  axes: Axis[];
  /** The keys that variants and the grid may change. */
  keys: { variants: Path[]; grid: Path[] };
  issues: Issue[];
  /** An axis that may have chosen the method could not be read, so parameters cannot be judged. */
  methodUnknown: boolean;
}

/**
 * The axes of a sweep; their values are checked later, cell by cell. Parts of a wrong kind are left out here: the schema
 * has reported them.
 */
export function sweepAxes(sweep: unknown, layers: readonly Layer[], catalog: Catalog): SweepAxes {
  const result: SweepAxes = { axes: [], keys: { variants: [], grid: [] }, issues: [], methodUnknown: false };
  if (!isMapping(sweep)) return result;
  const find: Layer["find"] = (path, want) => {
    for (const layer of layers.toReversed()) {
      const place = layer.find(path, want);
      if (place) return place;
    }
    return undefined;
  };
  const variants = Array.isArray(sweep.variants) ? sweep.variants : [];
  if (variants.length > 0) {
    const axis = variantsAxis(variants, find, result.issues);
    if (axis.choices.length > 0) result.axes.push(axis);
    else result.methodUnknown = true;
    result.keys.variants = axis.keys;
  }
  const grid = Object.entries(isMapping(sweep.grid) ? sweep.grid : {}).map(([key, values]) => ({
    values,
    path: key.split("."),
  }));
  for (const { path, values } of grid) {
    const axis = gridAxis(path, values, find, locate(layers, gridPath(path), "key"), catalog, result.issues);
    if (axis) {
      result.axes.push(axis);
      result.keys.grid.push(...axis.keys);
    } else if (path[0] === "method") result.methodUnknown = true;
  }
  const cells = countCells(result.axes);
  if (cells > MAX_CELLS) {
    const message = `stands for ${cells.toLocaleString("en")} runs; at most ${MAX_CELLS.toLocaleString("en")} are allowed`;
    result.issues.push({ path: ["sweep"], message, hint: "split it into several specs", want: "key" });
  }
  return result;
}

const countCells = (axes: readonly Axis[]) => axes.reduce((product, axis) => product * axis.choices.length, 1);
const gridPath = (path: Path): Path => ["sweep", "grid", path.join(".")];

function gridAxis(
  path: string[],
  values: unknown,
  find: Layer["find"],
  keyPlace: Place,
  catalog: Catalog,
  issues: Issue[],
): Axis | undefined {
  const at = gridPath(path);
  const problem = keyProblem(path, catalog);
  if (problem) issues.push({ path: at, want: "key", ...problem });
  const list = typeof values === "string" && RANGE.test(values) ? range(values) : values;
  if (typeof list === "string" && list !== values) issues.push({ path: at, message: list, want: "value" });
  if (problem || !Array.isArray(list) || list.length === 0) return undefined;
  const choices = list.map((value, i): Choice => {
    const inner: Layer = { find: (rest, want) => find([...at, i, ...rest], want) ?? find(at, "value") };
    return {
      apply: (document) => setAt(document, path, value) as Mapping,
      layer: dottedLayer(path, keyPlace, inner),
      depth: path.length,
      label: null,
    };
  });
  return { choices, keys: unique(list.flatMap((value) => leaves(value, path))) };
}

function variantsAxis(variants: unknown[], find: Layer["find"], issues: Issue[]): Axis {
  const labels = new Set<unknown>();
  const axis: Axis = { choices: [], keys: [] };
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
    axis.choices.push({
      apply: (document) => merge(document, change) as Mapping,
      layer: { find: (path, want) => (path.length === 0 ? undefined : find([...at, ...path], want)) },
      depth: 0,
      label: typeof label === "string" ? label : null,
    });
    axis.keys.push(...leaves(change, []));
  }
  return { choices: axis.choices, keys: unique(axis.keys) };
}

function keyProblem(path: string[], catalog: Catalog): { message: string; hint?: string | undefined } | undefined {
  const root = path[0] ?? "";
  // Parameters of a method depend on the method of each cell; they are checked there.
  if (root === "method" && path.length > 1 && !path.includes("")) return undefined;
  const known = root in CellSchema.shape && schemaAt(specJsonSchemaRaw(), path);
  if (known) return undefined;
  const keys = [...new Set(listKeys(catalog).map((entry) => entry.key))];
  if (keys.includes(path.join("."))) return { message: "cannot differ between the runs of a spec" };
  const sweepable = keys.filter((key) => (key.split(".", 1)[0] ?? "") in CellSchema.shape);
  const elsewhere = sweepable.find((key) => key.split(".").at(-1) === path.at(-1));
  if (elsewhere) return { message: "unknown key", hint: `did you mean \`${elsewhere}\`?` };
  const near = nearest(path.join("."), sweepable);
  const beside = sweepable.filter((key) => key.startsWith(`${root}.`));
  const hint =
    near === undefined
      ? suggestion(root, beside.length > 0 ? beside : Object.keys(CellSchema.shape))
      : `did you mean \`${near}\`?`;
  return { message: "unknown key", hint };
}

/** The numbers of `a..b`, both ends included, or what is wrong with it. */
function range(text: string): number[] | string {
  const [from = 0, to = 0] = text.split("..").map(Number);
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return `the range ${text} has too large numbers`;
  if (from > to) return `the range ${text} runs downwards; write ${to}..${from}`;
  if (to - from >= MAX_CELLS) return `the range ${text} has more than ${MAX_CELLS.toLocaleString("en")} values`;
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function unique(paths: Path[]): Path[] {
  return [...new Map(paths.map((path) => [path.join("."), path])).values()];
}

/** Every combination of one choice per axis; the last axis runs fastest. One empty combination without axes. */
export function* combinations(axes: readonly Axis[]): Generator<Choice[]> {
  const [first, ...rest] = axes;
  if (!first) {
    yield [];
    return;
  }
  for (const choice of first.choices) for (const others of combinations(rest)) yield [choice, ...others];
}

/** Every choice at least once, all others at their first: enough to check the values of a sweep that is too large. */
export function* everyChoice(axes: readonly Axis[]): Generator<Choice[]> {
  const firsts = axes.flatMap((axis) => axis.choices.slice(0, 1));
  yield firsts;
  for (const [i, axis] of axes.entries()) for (const choice of axis.choices.slice(1)) yield firsts.with(i, choice);
}
