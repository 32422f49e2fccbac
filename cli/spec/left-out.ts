import { valueAt } from "./issues.js";
import type { ShownKey } from "./labels.js";
import { anchoredValue } from "./local-paths.js";
import { isMapping, leaves, type Mapping } from "./merge.js";
import type { Layer } from "./places.js";
import type { Excluded } from "./sweep.js";

/** A combination that is not trained, and why. */
export interface LeftOut {
  /** Values by dotted key, like the axes of cells. */
  axes: Mapping;
  reason: string;
}

/** Values of an excluded combination, by the keys of cells: `model.name` for what is written as `model`. */
export function excludedValues({ axes, layers: changes }: Excluded, layers: readonly Layer[]): Mapping {
  const written = Object.entries(axes).flatMap(([key, value]) => {
    const at = key.split(".");
    return leaves(value, at).map((path): [string, unknown] => {
      const leaf = isMapping(value) ? valueAt(value, path.slice(at.length)) : value;
      return [path.join("."), anchoredValue(path.join("."), leaf, [...layers, ...changes])];
    });
  });
  return Object.fromEntries(written);
}

export function leftOutAs(values: Mapping, shown: readonly ShownKey[]): LeftOut {
  const axes = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, shown.find((one) => one.key === key)?.show(value) ?? value]),
  );
  return { axes, reason: "excluded by the spec" };
}
