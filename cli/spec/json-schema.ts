/** The schema of a spec for editors: JSON Schema draft 7 with the parameters of every method, for completion. */
import { type JsonSchema, schemaAt, toJsonSchema } from "./allowed.js";
import { nameableMethods } from "./becomes.js";
import { type Catalog, type Method, shippedCatalog } from "./catalog.js";
import { listKeys, specJsonSchemaRaw } from "./keys.js";
import { methodSchema } from "./parameters.js";
import { RANGE } from "./range.js";
import { CellSchema } from "./schema.js";

export function specJsonSchema(catalog: Catalog = shippedCatalog()): object {
  const spec = specJsonSchemaRaw();
  const properties: Record<string, JsonSchema> = { ...spec.properties };
  properties.method = { $ref: "#/definitions/method" };
  properties.model = examples(
    properties.model ?? {},
    catalog.models.map((model) => model.name),
  );
  properties.task = examples(
    properties.task ?? {},
    catalog.tasks.map((task) => task.name),
  );

  const cell = Object.fromEntries(Object.keys(CellSchema.shape).map((key) => [key, properties[key] ?? {}]));
  const label = schemaAt(spec, ["sweep", "variants", 0, "label"]) ?? {};
  const values = sweepValues(catalog);
  const list = (key: string, items: JsonSchema) => ({
    ...documentation(spec, key),
    type: "array",
    minItems: 1,
    items: { type: "object", ...items, additionalProperties: false },
  });
  properties.sweep = {
    description: spec.properties?.sweep?.description ?? "",
    type: ["object", "null"],
    properties: {
      grid: axes(documentation(spec, "grid"), values),
      zip: axes(documentation(spec, "zip"), values),
      variants: list("variants", { properties: { label, ...cell } }),
      exclude: list("exclude", { properties: mapValues(values, anyOf), minProperties: 1 }),
      include: list("include", { properties: { label, ...mapValues(values, (_, key) => oneValue(key)) } }),
    },
    additionalProperties: false,
  };
  // Nothing is required: a key may come from `extends`, from a sweep or from --set.
  return clean({
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "lor2c spec",
    type: "object",
    properties,
    additionalProperties: false,
    definitions: {
      method: methodDefinition(catalog, spec.properties?.method),
      value: { description: "One value of a key that a sweep may vary", properties: values },
    },
  }) as object;
}

/** A name, or a mapping with the parameters of the method it names, or, with `extends`, only parameters. */
function methodDefinition(catalog: Catalog, docs: JsonSchema | undefined): JsonSchema {
  const names = nameableMethods(catalog).map((method) => method.name);
  const parameters: Record<string, JsonSchema> = {};
  for (const { path, schema } of listKeys(catalog).filter((entry) => entry.method && entry.path.length === 2)) {
    const name = path[1] ?? "";
    if (name !== "name") parameters[name] = either(parameters[name], schema);
  }
  return {
    description: docs?.description ?? "",
    anyOf: [
      { enum: names },
      ...nameableMethods(catalog).map((method) => ({ title: method.name, ...withName(method) })),
      { title: "parameters only", type: "object", properties: parameters, additionalProperties: false },
    ],
  };
}

function withName(method: Method): JsonSchema {
  const schema = toJsonSchema(methodSchema(method));
  const required = [...new Set(["name", ...((schema.required as string[] | undefined) ?? [])])];
  const { $schema: _, ...rest } = schema;
  return { ...rest, required };
}

/** Every key that a sweep may vary, with one of its values. */
function sweepValues(catalog: Catalog): Record<string, JsonSchema> {
  const values: Record<string, JsonSchema> = {};
  for (const { key, path, schema } of listKeys(catalog)) {
    if (!((path[0] ?? "") in CellSchema.shape)) continue;
    const value = key === "method" ? { $ref: "#/definitions/method" } : schema;
    values[key] = either(values[key], value);
  }
  values["method.name"] = { enum: nameableMethods(catalog).map((method) => method.name) };
  values.task = examples(
    values.task ?? {},
    catalog.tasks.map((task) => task.name),
  );
  values["task.name"] = { enum: catalog.tasks.map((task) => task.name) };
  return mapValues(values, ({ default: _, ...value }) => value);
}

/** A list of a key's values, or a range if they are whole numbers. */
function axes(docs: JsonSchema, values: Record<string, JsonSchema>): JsonSchema {
  const properties = mapValues(values, (value, key) => {
    const list = { type: "array", minItems: 1, items: oneValue(key) };
    return { ...described(value), ...(isWhole(value) ? { anyOf: [list, range] } : list) };
  });
  return { ...docs, type: "object", properties, additionalProperties: false };
}

/** One value, or a list of which any matches. */
function anyOf(value: JsonSchema, key: string): JsonSchema {
  const list = { type: "array", minItems: 1, items: oneValue(key) };
  return { ...described(value), anyOf: [oneValue(key), list, ...(isWhole(value) ? [range] : [])] };
}

/** Grids, zips, excludes and includes share the schema of a value. */
const oneValue = (key: string): JsonSchema => ({ $ref: `#/definitions/value/properties/${key}` });
const range = { type: "string", pattern: RANGE.source };
const isWhole = (value: JsonSchema) =>
  [value, ...(value.anyOf ?? [])].some((schema) => [schema.type].flat().includes("integer"));
const described = ({ description }: JsonSchema) => (description === undefined ? {} : { description });
const mapValues = (values: Record<string, JsonSchema>, map: (value: JsonSchema, key: string) => JsonSchema) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]));

/** Methods can have different defaults and limits for a parameter. Either is allowed where no method is named. */
function either(one: JsonSchema | undefined, other: JsonSchema): JsonSchema {
  const { default: _, ...plain } = other;
  if (!one || JSON.stringify(one) === JSON.stringify(plain)) return plain;
  const options = (one.description === undefined && one.anyOf) || [one];
  return options.some((option) => JSON.stringify(option) === JSON.stringify(plain))
    ? { anyOf: options }
    : { anyOf: [...options, plain] };
}

const examples = (schema: JsonSchema, names: string[]): JsonSchema => ({ ...schema, examples: names });

function documentation(spec: JsonSchema, key: string): JsonSchema {
  const sweep = spec.properties?.sweep;
  const mapping = [sweep, ...(sweep?.anyOf ?? [])].find((schema) => schema?.properties);
  return { description: mapping?.properties?.[key]?.description ?? "" };
}

/** Moves the documentation of schema.ts into descriptions, and drops limits that only mean "an exact integer". */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  const schema = value as JsonSchema;
  const isSchema = typeof schema.description === "string";
  const { unit, source, aliases, valueAliases, valueHints, defaultText, outsideId, ofSteps, since, ...rest } = isSchema
    ? schema
    : ({ ...schema } as JsonSchema);
  const cleaned = Object.entries(rest)
    .filter(([key, inner]) => !(/^(min|max)imum$/.test(key) && Math.abs(inner as number) === Number.MAX_SAFE_INTEGER))
    .map(([key, inner]) => [key, key === "default" || key === "enum" ? inner : clean(inner)]);
  const description = [
    schema.description,
    unit && `Unit: ${unit}.`,
    defaultText && `Default: ${defaultText}.`,
    source && `Source: ${source}.`,
  ];
  const text = isSchema ? { description: description.filter(Boolean).join(" ") } : {};
  return { ...Object.fromEntries(cleaned), ...text };
}
