import { type JsonSchema, schemaAt, toJsonSchema } from "./allowed.js";
import { nameableMethods } from "./becomes.js";
import type { Catalog, Method } from "./catalog.js";
import type { KeyHint } from "./issues.js";
import { methodSchema } from "./parameters.js";
import type { Path } from "./places.js";
import { SpecSchema } from "./schema.js";

/** One key of a spec. A parameter that several methods have is listed once for each of them. */
export interface KeyEntry {
  path: string[];
  key: string;
  schema: JsonSchema;
  method: Method | null;
}

let specJson: JsonSchema | undefined;

/** JSON Schema of a spec file with the documentation of schema.ts; methods only by name. */
export function specJsonSchemaRaw(): JsonSchema {
  specJson ??= toJsonSchema(SpecSchema);
  return specJson;
}

/** Every key that can be written in a spec, in the order of the schema. */
export function listKeys(catalog: Catalog): KeyEntry[] {
  const entries: KeyEntry[] = [];
  const visit = (schema: JsonSchema, path: string[], method: Method | null) => {
    if (path.length > 0) entries.push({ path, key: path.join("."), schema, method });
    if (path.length === 1 && path[0] === "method" && method === null) {
      const name = schemaAt(schema, ["name"]);
      if (name) visit(name, ["method", "name"], null);
      for (const one of nameableMethods(catalog)) {
        const { name: _, ...parameters } = toJsonSchema(methodSchema(one)).properties ?? {};
        for (const [key, inner] of Object.entries(parameters)) visit(inner, ["method", key], one);
      }
      return;
    }
    for (const mapping of [schema, ...(schema.anyOf ?? [])]) {
      for (const [name, inner] of Object.entries(mapping.properties ?? {})) visit(inner, [...path, name], method);
    }
  };
  visit(specJsonSchemaRaw(), [], null);
  return entries;
}

/** Hints for keys that belong to another mapping, or have another name in other tools. */
export function keyHints(catalog: Catalog): KeyHint {
  const entries = listKeys(catalog).filter((entry) => entry.path[0] !== "sweep");
  return (path: Path) => {
    const name = String(path.at(-1));
    const parent = path.slice(0, -1).join(".");
    const here = entries.filter((entry) => entry.path.slice(0, -1).join(".") === parent);
    const named = entries.filter((entry) => entry.path.at(-1) === name);
    const methods = [...new Set(named.filter((e) => here.includes(e)).flatMap((e) => e.method?.name ?? []))];
    if (methods.length > 0) return `\`${name}\` is a parameter of ${methods.join(", ")}`;
    const elsewhere = named[0] ?? entries.find((entry) => entry.schema.aliases?.includes(name));
    return elsewhere && `did you mean \`${elsewhere.key}\`?`;
  };
}
