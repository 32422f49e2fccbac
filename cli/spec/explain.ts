import { UsageError } from "../errors.js";
import { allowedText, type JsonSchema } from "./allowed.js";
import { type Catalog, shippedCatalog } from "./catalog.js";
import { type KeyEntry, listKeys } from "./keys.js";
import { nearest } from "./suggest.js";

/** Everything that is known about one key; for a parameter, about one method's. */
export interface Explanation {
  key: string;
  method: string | null;
  meaning: string;
  unit: string | null;
  default: string;
  allowed: string;
  source: string | null;
}

export function explainAll(catalog: Catalog = shippedCatalog()): Explanation[] {
  return listKeys(catalog).map((entry) => explanation(entry, catalog));
}

/** The key itself, once per method that has it, and the keys below it; of `method.NAME` the keys of that method. Throws a UsageError for an unknown key. */
export function explainKey(
  key: string,
  catalog: Catalog = shippedCatalog(),
): { own: Explanation[]; below: Explanation[] } {
  const all = explainAll(catalog);
  const method = catalog.methods.find(({ name }) => key === `method.${name}`)?.name;
  if (method !== undefined) return { own: [], below: all.filter((entry) => entry.method === method) };
  const own = all.filter((entry) => entry.key === key);
  if (own.length > 0) return { own, below: all.filter((entry) => entry.key.startsWith(`${key}.`)) };
  const keys = [...new Set(all.map((entry) => entry.key))];
  const name = key.split(".").at(-1) ?? key;
  const alias = listKeys(catalog).find((entry) => entry.schema.aliases?.includes(name))?.key;
  const near = keys.find((known) => known.split(".").at(-1) === name) ?? alias ?? nearest(key, keys);
  const hint = near === undefined ? "`lor2c explain` lists all keys" : `did you mean \`${near}\`?`;
  throw new UsageError("UNKNOWN_KEY", `a spec has no key "${key}"`, hint);
}

function explanation({ key, schema, method }: KeyEntry, catalog: Catalog): Explanation {
  const registered: Record<string, string[]> = {
    task: catalog.tasks.map((task) => task.name),
    method: catalog.methods.map((one) => one.name),
    "method.name": catalog.methods.map((one) => one.name),
  };
  const names = registered[key];
  return {
    key,
    method: method?.name ?? null,
    meaning: schema.description ?? "",
    unit: schema.unit ?? null,
    default: defaultText(schema),
    allowed: names
      ? `one of ${names.join(", ")}${key === "method" ? ", or a mapping with its parameters" : ""}`
      : allowedText(schema),
    source: schema.source ?? null,
  };
}

function defaultText(schema: JsonSchema): string {
  if (schema.defaultText !== undefined) return schema.defaultText;
  if (schema.default === undefined) return schema.type === "object" ? "-" : "none";
  return typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default);
}

/** `lor2c explain`: one line per key. */
export function allKeysText(all: readonly Explanation[]): string {
  const rows = new Map<string, { value: string; meaning: string; methods: string[] }>();
  for (const { key, default: value, meaning, method } of all) {
    const before = rows.get(key);
    if (!before) rows.set(key, { value, meaning, methods: [method ?? []].flat() });
    else if (method !== null) {
      before.methods.push(method);
      if (before.value !== value) before.value = "by method";
    }
  }
  // Where all are of one method there is nothing to tell apart.
  const several = new Set([...rows.values()].flatMap(({ methods }) => methods)).size > 1;
  const width = Math.max(...[...rows.keys()].map((key) => key.length));
  const valueWidth = Math.max(...[...rows.values()].map(({ value }) => Math.min(value.length, 32)));
  const lines = [...rows].map(([key, { value, meaning, methods }]) => {
    const of = several && methods.length > 0 && key.split(".").length === 2 ? ` (${methods.join(", ")})` : "";
    return `${key.padEnd(width)}  ${value.padEnd(valueWidth)}  ${meaning}${of}`.trimEnd();
  });
  return `${"key".padEnd(width)}  ${"default".padEnd(valueWidth)}  meaning\n${lines.join("\n")}\n`;
}

/** `lor2c explain KEY`. Methods that agree on a parameter share a block. */
export function keyText({ own, below }: { own: readonly Explanation[]; below: readonly Explanation[] }): string {
  const blocks = new Map<string, string[]>();
  for (const { method, key: _, ...facts } of own) {
    const block = [
      `  meaning  ${facts.meaning}`,
      ...(facts.unit === null ? [] : [`  unit     ${facts.unit}`]),
      `  default  ${facts.default}`,
      `  allowed  ${facts.allowed}`,
      ...(facts.source === null ? [] : [`  source   ${facts.source}`]),
    ].join("\n");
    blocks.set(block, [...(blocks.get(block) ?? []), ...(method === null ? [] : [method])]);
  }
  const texts = [...blocks].map(([block, methods]) => {
    const of = methods.length === 0 ? "" : `  (method: ${methods.join(", ")})`;
    return `${own[0]?.key}${of}\n${block}`;
  });
  if (below.length > 0) texts.push(allKeysText(below).trimEnd());
  return `${texts.join("\n\n")}\n`;
}
