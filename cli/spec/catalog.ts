import { readFileSync } from "node:fs";
import { z } from "zod";
import { packageFile } from "./package-files.js";

const PARAMETER_TYPES = ["int", "float", "bool", "str", "enum", "int_list", "str_list", "json", "preset"] as const;

/** One setting of a method, as the worker declares it. */
const Parameter = z.object({
  name: z.string(),
  type: z.enum(PARAMETER_TYPES),
  default: z.unknown(),
  required: z.boolean(),
  nullable: z.boolean(),
  /** Limits of the number, or of each number of a list. */
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusive_minimum: z.number().optional(),
  /** The values of an enum, or the allowed elements of a list. */
  choices: z.array(z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** A text that may stand in the place of a list. */
  alone: z.string().optional(),
  doc: z.string(),
  unit: z.string().nullable(),
  source: z.string().nullable(),
  /** Like `Since` for a spec's key. */
  since: z.object({ day: z.string(), before: z.unknown() }).optional(),
  /** Cells that differ only in such parameters train together in one bundle. */
  schedule: z.boolean().optional(),
  /** Cells that differ only in such parameters can be lanes of one bundle, if their method has `lanes`. */
  number: z.boolean().optional(),
  /** Only for `preset`: named settings, each of all `fields`. */
  presets: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  get fields() {
    return z.array(Parameter).optional();
  },
});

const Method = z.object({
  name: z.string(),
  summary: z.string(),
  source: z.string(),
  /** Methods of one family differ only in their schedule, so their runs may share a bundle. */
  family: z.string().optional(),
  /** Its cells can be lanes of one bundle that differ in numbers, seed, learning rates and weight decay. */
  lanes: z.boolean().optional(),
  /** False: nothing trains. A run has no steps, one evaluation of the model as it is, and no adapter. */
  trains: z.boolean().optional(),
  parameters: z.array(Parameter),
});

const Task = z.object({
  name: z.string(),
  summary: z.string(),
  kind: z.enum(["classify", "regress", "language_model"]),
  /** The first one chooses the best epoch. */
  scores: z.array(z.string()).min(1),
  source: z.string(),
});

const Catalog = z.object({
  methods: z.array(Method),
  tasks: z.array(Task),
  models: z.array(z.object({ name: z.string(), summary: z.string() })),
  /** Scores that are better when they are smaller. */
  lower_is_better: z.array(z.string()).default([]),
});

export type Parameter = z.infer<typeof Parameter>;
export type Method = z.infer<typeof Method>;
export type Catalog = z.infer<typeof Catalog>;

export const parseCatalog = (value: unknown): Catalog => Catalog.parse(value);

/** Empty for a method that is not in the catalog. */
export const parametersOf = (catalog: Catalog, method: unknown): Parameter[] =>
  catalog.methods.find(({ name }) => name === method)?.parameters ?? [];

/** Whether it trains something; also of a method that is not in the catalog. */
export const methodTrains = (catalog: Catalog, method: unknown): boolean =>
  catalog.methods.find(({ name }) => name === method)?.trains !== false;

let shipped: Catalog | undefined;

/** What the bundled worker offers: cli/spec/catalog.json, which the worker wrote (`npm run generate`). */
export function shippedCatalog(): Catalog {
  shipped ??= parseCatalog(JSON.parse(readFileSync(packageFile("cli", "spec", "catalog.json"), "utf8")));
  return shipped;
}
