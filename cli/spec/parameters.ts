/** Makes zod schemas of method parameters from the catalog, so that they are checked and explained like other keys. */
import { z } from "zod";
import type { Method, Parameter } from "./catalog.js";

type Mapping = Record<string, unknown>;

/** The whole `method:` mapping of one method. It fills in every parameter. */
export function methodSchema(method: Method): z.ZodType<Mapping> {
  const shape: Record<string, z.ZodType> = {
    name: z.literal(method.name).meta({ description: method.summary, source: method.source }),
  };
  for (const parameter of method.parameters) shape[parameter.name] = parameterSchema(parameter);
  return z.strictObject(shape).meta({ description: method.summary, source: method.source });
}

function parameterSchema(parameter: Parameter): z.ZodType {
  let schema = parameter.type === "preset" ? presetSchema(parameter) : plainSchema(parameter);
  if (parameter.nullable) schema = schema.nullable();
  if (!parameter.required) {
    const value = parameter.default;
    // A default that is a preset's name must go through the schema, like a user's value.
    schema = parameter.type === "preset" ? schema.prefault(value) : schema.default(value);
  }
  return schema.meta(documentation(parameter));
}

function documentation(parameter: Parameter) {
  return {
    description: parameter.doc,
    ...(parameter.type === "preset" && !parameter.required ? { defaultText: defaultPreset(parameter) } : {}),
    ...(parameter.unit === null ? {} : { unit: parameter.unit }),
    ...(parameter.source === null ? {} : { source: parameter.source }),
    ...(parameter.since === undefined ? {} : { since: parameter.since }),
  };
}

const defaultPreset = (parameter: Parameter) =>
  parameter.default === null ? "null" : (presetName(parameter, parameter.default) ?? JSON.stringify(parameter.default));

function plainSchema(parameter: Parameter): z.ZodType {
  const choices = parameter.choices && z.literal(parameter.choices);
  switch (parameter.type) {
    case "enum":
      return choices ?? z.string();
    case "int":
      return choices ?? limited(z.int(), parameter);
    case "float":
      return choices ?? limited(z.number(), parameter);
    case "str":
      return choices ?? z.string();
    case "bool":
      return z.boolean();
    case "int_list":
      return z.array(choices ?? limited(z.int(), parameter));
    case "str_list": {
      const list = z.array(choices ?? z.string());
      return parameter.alone === undefined ? list : z.union([list, z.literal(parameter.alone)]);
    }
    case "json":
    case "preset": // its own schema, above
      return z.unknown().refine(isJson, "expected a value that JSON can hold");
  }
}

/** Not `z.json()`: its JSON Schema has references, which `schemaAt` cannot follow. */
function isJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  return typeof value === "object" && value !== null ? Object.values(value).every(isJson) : value !== undefined;
}

function limited(schema: z.ZodNumber | z.ZodInt, parameter: Parameter): z.ZodType {
  let number: z.ZodNumber = schema;
  if (parameter.minimum !== undefined) number = number.min(parameter.minimum);
  if (parameter.exclusive_minimum !== undefined) number = number.gt(parameter.exclusive_minimum);
  if (parameter.maximum !== undefined) number = number.max(parameter.maximum);
  return number;
}

/** A preset's name, or a mapping that changes some fields of a preset (by default the parameter's default). */
function presetSchema(parameter: Parameter): z.ZodType {
  const presets = parameter.presets ?? {};
  const names = z.literal(Object.keys(presets));
  const fields: Record<string, z.ZodType> = {
    preset: names.optional().meta({
      description: "The named setting that the other keys of this mapping change",
      defaultText: defaultPreset(parameter),
    }),
  };
  for (const field of parameter.fields ?? []) {
    fields[field.name] = parameterSchema({ ...field, required: true })
      .optional()
      .meta({ ...documentation({ ...field, required: true }), defaultText: byPreset(presets, field.name) });
  }
  return z
    .union([names, z.strictObject(fields)])
    .transform((value) => resolvePreset(parameter, value as string | Mapping));
}

/** `sfs (paper), mean_singular_value (intended, official)` */
function byPreset(presets: Record<string, Mapping>, field: string): string {
  const names = new Map<string, string[]>();
  for (const [name, preset] of Object.entries(presets)) {
    const value = typeof preset[field] === "string" ? preset[field] : JSON.stringify(preset[field]);
    names.set(value, [...(names.get(value) ?? []), name]);
  }
  return [...names].map(([value, which]) => `${value} (${which.join(", ")})`).join(", ");
}

function resolvePreset(parameter: Parameter, value: string | Mapping): Mapping {
  const presets = parameter.presets ?? {};
  if (typeof value === "string") return { ...presets[value] };
  const { preset, ...changes } = value;
  const base = preset ?? parameter.default;
  const start = typeof base === "string" ? presets[base] : (base as Mapping | null);
  // `optional()` keys that are absent must not erase the preset's value.
  return { ...start, ...Object.fromEntries(Object.entries(changes).filter(([, v]) => v !== undefined)) };
}

/** The name of the preset that is equal to a resolved value. */
export function presetName(parameter: Parameter, value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return Object.entries(parameter.presets ?? {}).find(([, preset]) => sameFields(preset, value as Mapping))?.[0];
}

function sameFields(preset: Mapping, value: Mapping | null): boolean {
  const keys = Object.keys(preset);
  return (
    value !== null &&
    keys.length === Object.keys(value).length &&
    keys.every((key) => JSON.stringify(preset[key]) === JSON.stringify(value[key]))
  );
}
