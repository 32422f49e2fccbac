import { describe, expect, test } from "vitest";
import type { JsonSchema } from "./allowed.js";
import { catalog } from "./fixtures/specs.js";
import { specJsonSchema } from "./json-schema.js";

const schema = specJsonSchema(catalog) as JsonSchema & { definitions: Record<string, JsonSchema> };

function visit(value: unknown, seen: (schema: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const inner of value) visit(inner, seen);
  else if (typeof value === "object" && value !== null) {
    seen(value as Record<string, unknown>);
    for (const inner of Object.values(value)) visit(inner, seen);
  }
}

const resolve = (reference: string) =>
  reference
    .replace("#/", "")
    .split("/")
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], schema);

test("is draft 7, with references that resolve and none of our own keywords", () => {
  expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
  const references = new Set<string>();
  visit(schema, (one) => {
    if (typeof one.$ref === "string") references.add(one.$ref);
    if (typeof one.description === "string") {
      for (const keyword of ["unit", "source", "aliases", "valueAliases", "valueHints", "defaultText"])
        expect(one).not.toHaveProperty(keyword);
    }
  });
  expect(references.has("#/definitions/method")).toBe(true);
  expect(references.size).toBeGreaterThan(20);
  for (const reference of references) expect(resolve(reference), reference).toBeDefined();
});

test("documentation comes from the schema's own", () => {
  const rate = schema.properties?.train?.properties?.learning_rate;
  expect(rate?.description).toMatch(
    /^Peak learning rate of everything.*Source: transformers TrainingArguments\.learning_rate/,
  );
  expect(rate).toMatchObject({ type: "number", exclusiveMinimum: 0, default: 4e-4 });
  expect(schema.properties?.train?.properties?.batch_size).toMatchObject({ type: "integer", minimum: 1, default: 32 });
  expect(schema.properties?.train?.properties?.batch_size).not.toHaveProperty("maximum");
});

describe("methods", () => {
  const options = schema.definitions.method?.anyOf ?? [];
  test("each has its own parameters, completed once it is named", () => {
    const moving = options.find((option) => option.title === "moving");
    expect(moving).toMatchObject({ required: ["name"], additionalProperties: false });
    expect(moving?.properties).toMatchObject({
      name: { const: "moving" },
      merges: { type: "integer", minimum: 0, default: 0 },
      rules: { anyOf: [{ enum: ["paper", "official"] }, { type: "object", additionalProperties: false }] },
    });
    expect(options.find((option) => option.title === "typed")?.required).toEqual(["name", "needed"]);
  });
  test("a name alone, or parameters alone over an extended spec", () => {
    expect(options[0]).toEqual({ enum: ["plain", "still", "moving", "typed"] });
    expect(options.at(-1)?.properties).toHaveProperty("merges");
    expect(options.at(-1)?.properties).not.toHaveProperty("name");
  });
});

test("sweeps: every key that may vary, ranges for whole numbers only", () => {
  const grid = schema.properties?.sweep?.properties?.grid?.properties ?? {};
  expect(Object.keys(grid)).toEqual(
    expect.arrayContaining(["seed", "method", "method.rank", "method.rules.k", "train.learning_rate", "model"]),
  );
  expect(Object.keys(grid)).not.toContain("jobs");
  expect(grid["method.merges"]?.anyOf?.[1]).toMatchObject({ type: "string", pattern: "^-?\\d+\\.\\.-?\\d+$" });
  const rate = "#/definitions/value/properties/train.learning_rate";
  expect(grid["train.learning_rate"]).toMatchObject({ type: "array", items: { $ref: rate } });
  expect(resolve(rate)).toMatchObject({ type: "number", exclusiveMinimum: 0 });
  const variant = schema.properties?.sweep?.properties?.variants?.items;
  expect(Object.keys(variant?.properties ?? {})).toEqual([
    "label",
    "model",
    "task",
    "data",
    "method",
    "train",
    "seed",
    "adapter",
  ]);

  const { zip, exclude, include } = schema.properties?.sweep?.properties ?? {};
  expect(Object.keys(zip?.properties ?? {})).toEqual(Object.keys(grid));
  expect(exclude?.items?.properties?.["method.merges"]?.anyOf).toHaveLength(3); // a value, a list of them, a range
  expect(exclude?.items?.properties?.["train.learning_rate"]?.anyOf).toHaveLength(2);
  expect(Object.keys(include?.items?.properties ?? {})).toEqual(["label", ...Object.keys(grid)]);
});
