import { UsageError } from "../errors.js";
import { allowedText, type JsonSchema } from "./allowed.js";
import { nameableMethods, nameTexts } from "./becomes.js";
import { type Catalog, shippedCatalog } from "./catalog.js";
import { type KeyEntry, listKeys } from "./keys.js";
import { nearest } from "./suggest.js";

/** Everything that is known about one key, or about one method's parameter. */
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

/**
 * The key itself, once for each method that has it, and the keys below it. For `method.NAME`, the keys of that method.
 * Throws UsageError for an unknown key.
 */
export function explainKey(
  key: string,
  catalog: Catalog = shippedCatalog(),
): { own: Explanation[]; below: Explanation[] } {
  const all = explainAll(catalog);
  const method = nameableMethods(catalog).find(({ name }) => key === `method.${name}`)?.name;
  if (method !== undefined) return { own: [], below: all.filter((entry) => entry.method === method) };
  const own = all.filter((entry) => entry.key === key);
  if (own.length > 0) return { own, below: all.filter((entry) => entry.key.startsWith(`${key}.`)) };
  const keys = [...new Set(all.map((entry) => entry.key))];
  const name = key.split(".").at(-1) ?? key;
  const alias = listKeys(catalog).find((entry) => entry.schema.aliases?.includes(name))?.key;
  const near = keys.find((known) => known.split(".").at(-1) === name) ?? alias ?? nearest(key, keys);
  const hint =
    whatItIs(key, all, catalog) ??
    (near === undefined ? "`lor2c explain` lists all keys" : `did you mean \`${near}\`?`);
  throw new UsageError("UNKNOWN_KEY", `a spec has no key "${key}"`, hint);
}

/** Where a word that is no key stands in a spec: the name of a method, or a value of a key. */
function whatItIs(word: string, all: readonly Explanation[], catalog: Catalog): string | undefined {
  const isMethod = nameableMethods(catalog).some(({ name }) => name === word);
  const key = isMethod ? `method.${word}` : all.find(({ allowed }) => namesIn(allowed).includes(word))?.key;
  if (key === undefined) return undefined;
  return `${word} is ${isMethod ? "a method" : `a value of ${key}`}: \`lor2c explain ${key}\``;
}

/** The values of `one of a, b or c`; no words of another sentence. */
const namesIn = (allowed: string): string[] => /^one of ([^:]*)/.exec(allowed)?.[1]?.split(/,? or |, /) ?? [];

/** What a key may be besides a name. */
const MAPPINGS: Record<string, string> = {
  task: ", or a mapping with name, labels and metrics",
  method: ", or a mapping with its parameters",
};

function explanation({ key, schema, method }: KeyEntry, catalog: Catalog): Explanation {
  const registered: Record<string, string[]> = {
    task: catalog.tasks.map((task) => task.name),
    "task.name": catalog.tasks.map((task) => task.name),
    method: nameTexts(catalog),
    "method.name": nameTexts(catalog),
  };
  const names = registered[key];
  return {
    key,
    method: method?.name ?? null,
    meaning: schema.description ?? "",
    unit: schema.unit ?? null,
    default: defaultText(schema),
    allowed: names ? `one of ${names.join(", ")}${MAPPINGS[key] ?? ""}` : allowedText(schema),
    source: schema.source ?? null,
  };
}

function defaultText(schema: JsonSchema): string {
  if (schema.defaultText !== undefined) return schema.defaultText;
  if (schema.default === undefined) return schema.type === "object" ? "-" : "none";
  return typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default);
}
