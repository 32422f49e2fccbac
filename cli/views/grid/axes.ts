/** Which two axes of an experiment make its grid, and which of its runs are in it. */
import { UsageError } from "../../errors.js";
import type { AxisRow, GridCellRow } from "../../store/read.js";
import { type AxisValue, meaning, typedTexts, valueTexts } from "./axis-values.js";

export interface GridAxis {
  /** Dotted key. */
  key: string;
  /** The key's last part. */
  name: string;
  /** One letter if the paper has one. */
  symbol: string | null;
  values: AxisValue[];
  /** The text of each value in every picture. Values that would look alike are written in full. */
  texts: string[];
}

type Axis = Pick<AxisRow, "axis" | "numeric">;
type Cell = Pick<GridCellRow, "axes">;

const MERGES = "method.merges";
const INJECTIONS = "method.injections";
const SYMBOLS: Record<string, string> = { [MERGES]: "M", [INJECTIONS]: "I" };
/** Runs that differ in these alone repeat one cell. They are an axis only if the user asks for it. */
const SEEDS: ReadonlySet<string> = new Set(["seed", "data.split_seed"]);

/**
 * Chooses merges by injections if both vary, else the two numeric axes. Axes that were asked for come first. Returns a
 * text that says why, if there are no two axes.
 */
export function chooseAxes(
  axes: readonly Axis[],
  asked: { rows?: string | undefined; cols?: string | undefined } = {},
): { rows: string; cols: string } | string {
  const known = axes.map(({ axis }) => axis);
  const given = [asked.rows, asked.cols].map((name) => name && named(known, name));
  for (const [i, name] of [asked.rows, asked.cols].entries()) {
    if (name && !given[i]) return `${name} does not vary in it; what varies: ${known.join(", ") || "nothing"}`;
  }
  const [rows, cols] = given;
  if (rows && cols) return rows === cols ? `--rows and --cols are both ${rows}` : { rows, cols };
  const numeric = axes.filter(({ axis, numeric }) => numeric === 1 && !SEEDS.has(axis)).map(({ axis }) => axis);
  const paper = [MERGES, INJECTIONS].every((axis) => known.includes(axis)) ? [MERGES, INJECTIONS] : [];
  for (const pair of [paper, numeric]) {
    const others = pair.filter((axis) => axis !== rows && axis !== cols);
    const other = others.length === 1 ? others[0] : undefined;
    if (rows && other) return { rows, cols: other };
    if (cols && other) return { rows: other, cols };
    if (!rows && !cols && pair.length === 2) return { rows: pair[0] ?? "", cols: pair[1] ?? "" };
  }
  const varies = known.length === 0 ? "nothing varies in it" : `what varies in it: ${known.join(", ")}`;
  return `it has no two axes of numbers to choose by itself; ${varies}`;
}

export const isMergesByInjections = (...axes: string[]): boolean => axes.includes(MERGES) && axes.includes(INJECTIONS);

/** The key `name` itself, or the only one that ends in `.name`. */
function named(keys: readonly string[], name: string): string | undefined {
  if (keys.includes(name)) return name;
  // `method` means `method.name`, as in a label.
  const ending = keys.filter((key) => key === `${name}.name` || key.split(".").at(-1) === name);
  return ending.length === 1 ? ending[0] : undefined;
}

/** The runs that match every `key=value`. Throws UsageError if a key does not vary, or no run has the value. */
export function filterCells<T extends Cell>(cells: readonly T[], where: readonly string[]): T[] {
  const keys = [...new Set(cells.flatMap(({ axes }) => Object.keys(axes)))];
  let left = [...cells];
  for (const condition of where) {
    const equals = condition.indexOf("=");
    const key = equals > 0 ? named(keys, condition.slice(0, equals)) : undefined;
    if (key === undefined) {
      const what = equals > 0 ? `${condition.slice(0, equals)} does not vary in it` : `"${condition}" is not key=value`;
      throw new UsageError("GRID_WHERE", `--where: ${what}`, `what varies: ${keys.join(", ")}`);
    }
    const wanted = condition.slice(equals + 1);
    const meant = meaning(wanted, valuesOf(left, key));
    const found = left.filter(({ axes }) => key in axes && meant.has(axes[key] ?? null));
    if (found.length === 0) {
      throw new UsageError(
        "GRID_WHERE",
        `--where: no run has ${key}=${wanted}`,
        `its values: ${valuesText(left, key)}`,
      );
    }
    left = found;
  }
  return left;
}

/**
 * Throws UsageError if an axis other than the seed varies within a cell, because the mean would mix different things.
 */
export function refuseMixtures(cells: readonly Cell[], rows: string, cols: string): void {
  const inside = cells.filter(({ axes }) => rows in axes && cols in axes);
  const first = new Map<string, Cell["axes"]>();
  for (const { axes } of inside) {
    const at = JSON.stringify([axes[rows], axes[cols]]);
    const before = first.get(at);
    if (!before) {
      first.set(at, axes);
      continue;
    }
    const other = [...new Set([...Object.keys(before), ...Object.keys(axes)])].find(
      (key) => key !== "seed" && JSON.stringify(before[key]) !== JSON.stringify(axes[key]),
    );
    if (other === undefined) continue;
    throw new UsageError(
      "GRID_AXIS_LEFT",
      `${other} varies as well, and a cell is a mean over seeds only`,
      `choose with --where ${other}=VALUE (${valuesText(inside, other)}), or with --rows and --cols`,
    );
  }
}

/** `other`: the key of the other axis. If both have the same name, each is shown with its key. */
export function axisOf(key: string, other: string, cells: readonly Cell[]): GridAxis {
  const found = valuesOf(cells, key);
  const numbers = found.every((value) => typeof value === "number");
  const values = numbers ? found.toSorted((a, b) => Number(a) - Number(b)) : found;
  const texts = valueTexts(values);
  return {
    key,
    name: shortName(key) === shortName(other) ? key : shortName(key),
    symbol: SYMBOLS[key] ?? null,
    values,
    texts: values.map((value) => texts.get(value) ?? ""),
  };
}

const shortName = (key: string): string =>
  key
    .replace(/\.name$/, "")
    .split(".")
    .at(-1) ?? key;

const valuesOf = (cells: readonly Cell[], key: string): AxisValue[] => [
  ...new Set(cells.flatMap(({ axes }) => (key in axes ? [axes[key] ?? null] : []))),
];

function valuesText(cells: readonly Cell[], key: string): string {
  const texts = [...typedTexts(valuesOf(cells, key)).values()];
  return texts.length > 12 ? `${texts.slice(0, 12).join(", ")}, ...` : texts.join(", ");
}
