/** Describes allowed and found values, from JSON Schema, because all keys of a spec have one. */
import { z } from "zod";
import { lookalikeIn } from "./characters.js";
import { GPU } from "./gpu-names.js";
import type { KeyDocs } from "./key-docs.js";
import { numberHint } from "./number-hint.js";
import type { Path } from "./places.js";
import { COLON_MISSING } from "./yaml-slips.js";
import { slipIn } from "./yaml-syntax.js";

/** The parts of JSON Schema (draft 7) that the keys use, with the documentation from schema.ts. */
export interface JsonSchema extends Partial<KeyDocs> {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  default?: unknown;
  [other: string]: unknown;
}

export const toJsonSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { target: "draft-7", io: "input" }) as JsonSchema;

/** The schema of the value at `path`, through alternatives; undefined if there is none. */
export function schemaAt(schema: JsonSchema, path: Path): JsonSchema | undefined {
  if (path.length === 0) return schema;
  const [head, ...rest] = path;
  if (schema.anyOf) {
    for (const option of schema.anyOf) {
      const found = schemaAt(option, path);
      if (found) return found;
    }
    return undefined;
  }
  const child =
    typeof head === "number"
      ? schema.items
      : ((Object.hasOwn(schema.properties ?? {}, head as string) ? schema.properties?.[head as string] : undefined) ??
        (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined));
  return child && schemaAt(child, rest);
}

/** The keys that a mapping with this `schema` can have. */
export function keysOf(schema: JsonSchema | undefined): string[] {
  return [...Object.keys(schema?.properties ?? {}), ...(schema?.anyOf ?? []).flatMap(keysOf)];
}

/** Describes the allowed values: `a whole number from 1 or null`. */
export function allowedText(schema: JsonSchema | undefined): string {
  if (!schema) return "another value";
  if (schema.anyOf) {
    const options = [...new Set(schema.anyOf.map(allowedText))];
    const last = options.pop() ?? "";
    return options.length > 0 ? `${options.join(", ")} or ${last}` : last;
  }
  if (Array.isArray(schema.type)) return allowedText({ anyOf: schema.type.map((type) => ({ ...schema, type })) });
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum) return schema.enum.length === 1 ? String(schema.enum[0]) : `one of ${schema.enum.join(", ")}`;
  switch (schema.type) {
    case "integer":
      return `a whole number${limits(schema)}`;
    case "number":
      return `a number${limits(schema)}`;
    case "string":
      if (schema.pattern) return schema.pattern === GPU.source ? "cuda:N" : "a range a..b of whole numbers";
      return schema.maxLength === undefined ? "text" : `text of at most ${schema.maxLength} characters`;
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return `a ${listKind(Number(schema.minItems ?? 0))}${schema.items?.type || schema.items?.enum ? ` (each ${allowedText(schema.items)})` : ""}`;
    case "object":
      return "a mapping";
    default:
      return "any value";
  }
}

const listKind = (least: number): string =>
  least > 1 ? `list of at least ${least}` : least === 1 ? "non-empty list" : "list";

function limits(schema: JsonSchema): string {
  // zod adds the range of exact integers to every integer; this is not a limit of the key.
  const real = (limit: number | undefined) => (Math.abs(limit ?? 0) === Number.MAX_SAFE_INTEGER ? undefined : limit);
  const [from, to] = [real(schema.minimum), real(schema.maximum)];
  const parts: string[] = [];
  if (schema.exclusiveMinimum !== undefined) parts.push(`above ${schema.exclusiveMinimum}`);
  if (from !== undefined) parts.push(`from ${from}`);
  if (to !== undefined) parts.push(from === undefined ? `up to ${to}` : `to ${to}`);
  if (schema.exclusiveMaximum !== undefined) parts.push(`below ${schema.exclusiveMaximum}`);
  return parts.length > 0 ? ` ${parts.join(" ")}` : "";
}

export function foundText(value: unknown): string {
  if (value === undefined || value === null) return "nothing (null)";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value);
  if (value === "") return "empty text";
  const line = value.replaceAll(/\s+/g, " ");
  const odd = lookalikeIn(value);
  return `the text "${line.length > 40 ? `${line.slice(0, 37)}...` : line}"${odd === undefined ? "" : ` with ${odd}`}`;
}

/** Keys in a hint. */
const SHOWN_KEYS = 6;

const isListOfMappings = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "object" && one !== null);

/** Hints for values that other YAML readers read differently. */
export function writingHint(schema: JsonSchema | undefined, value: unknown): string | undefined {
  if (!schema) return undefined;
  if (schema.type === "object" && isListOfMappings(value))
    return "leave out the `- ` before each key: they make a list";
  if (typeof value !== "string") return undefined;
  if (schema.type === "object") return mappingHint(schema, value);
  const types = [schema, ...(schema.anyOf ?? [])].flatMap((s) => s.type);
  if (types.includes("null") && /^(none|nil|undefined|n\/a)$/i.test(value)) return "YAML writes null";
  if (types.includes("boolean") && /^(yes|no|on|off|y|n)$/i.test(value)) return "YAML 1.2 writes true or false";
  if (!types.includes("integer") && !types.includes("number")) return undefined;
  return numberHint(value, { whole: !types.includes("number") });
}

/** Text in place of a mapping: a slip in one of its keys, or a value that belongs under one. */
function mappingHint(schema: JsonSchema, value: string): string | undefined {
  const [slip, keys] = [slipIn(value), keysOf(schema)];
  const [first = ""] = value.trim().split(/[\s=]/);
  if (keys.length === 0 || (slip !== undefined && (slip !== COLON_MISSING || keys.includes(first)))) return slip;
  const shown = keys.slice(0, SHOWN_KEYS).join(", ") + (keys.length > SHOWN_KEYS ? ", ..." : "");
  return keys.length === 1 ? `its key is ${shown}: write {${shown}: ${value.trim()}}` : `its keys are ${shown}`;
}
