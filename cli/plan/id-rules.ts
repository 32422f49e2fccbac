import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { methodTrains, shippedCatalog } from "../spec/catalog.js";
import { valueAt } from "../spec/issues.js";
import type { KeyEntry } from "../spec/keys.js";
import type { Mapping } from "../spec/merge.js";
import { packageFile } from "../spec/package-files.js";
import type { Path } from "../spec/places.js";

/** Which settings are not part of a run's id, from the documentation of the keys. */
export interface IdRules {
  /** Keys that change no number. */
  outside: Path[];
  /** Keys that act on optimizer steps alone; not part of the id of a run whose method takes none. */
  ofSteps: Path[];
  /**
   * Keys that are newer than some stored runs; not part of the id while they have the value that means the earlier
   * behaviour.
   */
  later: { path: Path; method: string | null; before: unknown }[];
}

export function idRules(keys: readonly KeyEntry[]): IdRules {
  const rules: IdRules = { outside: [], ofSteps: [], later: [] };
  for (const { path, schema, method } of keys) {
    if (schema.outsideId) rules.outside.push(path);
    if (schema.ofSteps) rules.ofSteps.push(path);
    if (schema.since) rules.later.push({ path, method: method?.name ?? null, before: schema.since.before });
  }
  return rules;
}

let shipped: IdRules | undefined;

/**
 * Those of the shipped methods: cli/plan/id-rules.json (`npm run generate`), because the documentation of all keys takes a
 * tenth of a second to make, which every view of many runs would wait for.
 */
export function shippedIdRules(): IdRules {
  shipped ??= JSON.parse(readFileSync(packageFile("cli", "plan", "id-rules.json"), "utf8")) as IdRules;
  return shipped;
}

/** The settings that are part of the id, by these rules. */
export function withoutOutside<T extends Mapping>(settings: T, { outside, ofSteps, later }: IdRules): T {
  const name = valueAt(settings, ["method", "name"]);
  const still = methodTrains(shippedCatalog(), String(name)) ? [] : ofSteps;
  const old = later.filter(
    ({ path, method, before }) =>
      (method === null || method === name) && isDeepStrictEqual(valueAt(settings, path), before),
  );
  return [...outside, ...still, ...old.map(({ path }) => path)].reduce(without, settings);
}

function without<T extends Mapping>(value: T, [head, ...rest]: Path): T {
  if (head === undefined || !Object.hasOwn(value, head)) return value;
  const { [head]: inner, ...others } = value;
  if (rest.length === 0) return others as T;
  if (typeof inner !== "object" || inner === null) return value;
  return { ...value, [head]: without(inner as Mapping, rest) };
}
