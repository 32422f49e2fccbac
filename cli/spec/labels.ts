import { type Catalog, parametersOf } from "./catalog.js";
import { type Cell, methodName } from "./cell.js";
import { valueAt } from "./issues.js";
import { shownNames } from "./local-paths.js";
import { isMapping, type Mapping } from "./merge.js";
import { presetName } from "./parameters.js";
import type { Path } from "./places.js";

export interface Unlabelled extends Pick<Cell, "settings" | "written"> {
  /** The user's label of the variant, which replaces all keys that variants change. */
  variant: string | null;
  /** Whether this label is the whole name. */
  own: boolean;
  /** Keys that `include` has set in this one. */
  included: ReadonlySet<string>;
}

/** The keys that each part of a sweep may change. */
export interface SweepKeys {
  variants: readonly Path[];
  grid: readonly Path[];
  include: readonly Path[];
}

/** One key of a sweep, with its values and how to show them. */
export interface ShownKey {
  key: string;
  /** The value of each cell; undefined if the cell's method has no such parameter. */
  values: unknown[];
  show(value: unknown): unknown;
}

/** `outside`: values by key of combinations that are not trained, to be shown in the same way. */
export function shownKeys(
  cells: readonly Pick<Unlabelled, "settings" | "written">[],
  outside: readonly Mapping[],
  keys: SweepKeys,
  catalog: Catalog,
): ShownKey[] {
  const all = new Map([...keys.variants, ...keys.grid, ...keys.include].map((path) => [path.join("."), path]));
  return [...all].map(([key, path]) => {
    const values = cells.map((cell) => tellingValue(cell, path, catalog));
    const show = shownNames(key, [...values, ...outside.map((one) => one[key])]);
    return { key, values: values.map(show), show };
  });
}

/** Makes the label and the axes of every cell. */
export function labelCells(
  cells: readonly Unlabelled[],
  shown: readonly ShownKey[],
  keys: SweepKeys,
  /** The spec's name, which is the label of a single run. */
  name: string,
): Cell[] {
  const varying = shown.filter(({ values }) => {
    const different = new Set(values.filter((value) => value !== undefined).map((value) => JSON.stringify(value)));
    return different.size > 1;
  });
  const inGrid = new Set(keys.grid.map((path) => path.join(".")));
  const inVariants = new Set(keys.variants.map((path) => path.join(".")));
  const names = shortNames(varying.map(({ key }) => key));
  const unused = uniqueLabels();

  return cells.map(({ settings, written, variant, own, included }, i) => {
    const axes: Mapping = {};
    const parts = variant === null ? [] : [variant];
    for (const { key, values } of varying) {
      const value = values[i];
      if (value === undefined) continue;
      axes[key] = value;
      // A key that only `include` changes is part of the label only in cells that were changed.
      const tells = inGrid.has(key) || (variant === null && (inVariants.has(key) || included.has(key)));
      if (tells && !own) parts.push(`${names.get(key)}=${text(value)}`);
    }
    const label = parts.join(" ") || (cells.length === 1 ? name : `method=${methodName({ settings, written })}`);
    return { settings, ...(written && { written }), label: unused(label), axes };
  });
}

/** Returns each text unchanged the first time, then with a number that makes it unique. */
function uniqueLabels(): (label: string) => string {
  const taken = new Set<string>();
  const times = new Map<string, number>();
  return (label) => {
    let unique = label;
    for (let n = times.get(label) ?? 1; taken.has(unique); times.set(label, n)) unique = `${label} (${++n})`;
    taken.add(unique);
    return unique;
  };
}

/** The name of a method or preset; any other value as it is. Undefined if the cell's method has no such parameter. */
function tellingValue(cell: Pick<Cell, "settings" | "written">, path: Path, catalog: Catalog): unknown {
  const { settings } = cell;
  if (path.join(".") === "method.name") return methodName(cell);
  const value = valueAt(settings, path);
  if (path.length !== 2 || path[0] !== "method" || !isMapping(value)) return value;
  const parameter = parametersOf(catalog, settings.method.name).find((one) => one.name === path[1]);
  return parameter ? (presetName(parameter, value) ?? value) : value;
}

/** `rank` for `method.rank` and `method` for `method.name`, unless two keys would get the same name. */
function shortNames(keys: readonly string[]): Map<string, string> {
  const plain = (key: string) => key.replace(/\.name$/, "");
  const last = (key: string) => plain(key).split(".").at(-1) ?? key;
  return new Map(
    keys.map((key) => [key, keys.some((other) => other !== key && last(other) === last(key)) ? plain(key) : last(key)]),
  );
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join("+");
  if (!isMapping(value)) return String(value);
  const fields = Object.entries(value).map(([key, inner]) => `${key}:${text(inner)}`);
  return `{${fields.join(",")}}`;
}
