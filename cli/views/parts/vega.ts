import { oneLine } from "./visible.js";

/**
 * A specification of Vega-Lite 6 as JSON. Its data is inside; fields have names of this program, never of the data. Texts
 * are escaped here.
 */
export const vegaLite = (specification: object): object => ({
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  background: "white",
  ...(escaped(specification) as object),
});

function escaped(value: unknown): unknown {
  if (typeof value === "string") return oneLine(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escaped(item)]));
}

export const quantitative = (field: string) => ({ field, type: "quantitative", title: field.replaceAll("_", " ") });

/** A column or row of a grid, in the order of these values. */
export const ordered = (field: string, sort: readonly string[], title: string) => ({
  field,
  type: "ordinal",
  sort,
  title,
});
