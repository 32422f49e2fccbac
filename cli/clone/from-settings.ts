/** A spec made of stored settings, for runs whose spec does not give them any more. */
import { isDeepStrictEqual } from "node:util";
import { shippedCatalog } from "../spec/catalog.js";
import type { Settings } from "../spec/cell.js";
import { isMapping, type Mapping } from "../spec/merge.js";
import { methodSchema } from "../spec/parameters.js";
import { CellSchema } from "../spec/schema.js";

export interface StoredCell {
  label: string;
  settings: Settings;
}

/** The keys of these runs that are not at their defaults; several runs differ in `sweep.variants`. */
export function documentOf(cells: readonly [StoredCell, ...StoredCell[]]): Mapping {
  const [first] = cells;
  const shared = withoutDefaults(first.settings);
  if (cells.length === 1) return shared;
  const variants = cells.map(({ label, settings }) => ({ label, ...differences(first.settings, settings) }));
  return { ...shared, sweep: { variants } };
}

function withoutDefaults(settings: Settings): Mapping {
  const { model, task, method, seed, ...rest } = settings;
  const names = { model: { name: model.name }, task: { name: task.name }, method: { name: method.name } };
  const defaults = CellSchema.parse({ ...names, seed });
  const parts = Object.entries({ ...rest, model, task }).map(([key, part]): [string, Mapping] => [
    key,
    changed(part, defaults[key as keyof typeof defaults] as Mapping),
  ]);
  const { data = {}, train = {}, adapter = {}, ...others } = Object.fromEntries(parts);
  return {
    model: short({ name: model.name, ...others.model }),
    task: short({ name: task.name, ...others.task }),
    ...(Object.keys(data).length > 0 && { data }),
    method: short(ownParameters(method)),
    ...(Object.keys(train).length > 0 && { train }),
    seed,
    ...(Object.keys(adapter).length > 0 && { adapter }),
  };
}

/** `{name: x}` is written as `x`. */
const short = (part: Mapping): unknown => (Object.keys(part).length === 1 ? part.name : part);

const changed = (part: Mapping, defaults: Mapping): Mapping =>
  Object.fromEntries(Object.entries(part).filter(([key, value]) => !isDeepStrictEqual(value, defaults[key])));

function ownParameters(method: Settings["method"]): Mapping {
  const known = shippedCatalog().methods.find(({ name }) => name === method.name);
  const defaults = known && methodSchema(known).safeParse({ name: method.name });
  return { name: method.name, ...changed(method, defaults?.success ? (defaults.data as Mapping) : {}) };
}

/** What makes `to` of `from`. Another model, task or method is written as a whole. */
function differences(from: Settings, to: Settings): Mapping {
  const found: Mapping = {};
  for (const key of Object.keys(to) as (keyof Settings)[]) {
    const [old, value] = [from[key], to[key]];
    if (isDeepStrictEqual(old, value)) continue;
    const parts = isMapping(old) && isMapping(value);
    const same = parts && (old as Mapping).name === (value as Mapping).name;
    if (same) found[key] = changed(value, old);
    else found[key] = key === "method" ? ownParameters(to.method) : value;
  }
  return found;
}
