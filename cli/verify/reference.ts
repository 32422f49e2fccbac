/** The file in which the numbers of runs are kept, by device class, to compare later trainings with. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { isMissing, UsageError } from "../errors.js";

const VERSION = 1;

const value = z.number().nullable();
const text = z.string();
const Setting = z.union([text, z.number(), z.boolean(), z.null(), z.array(z.unknown())]);

export const ReferenceRun = z.strictObject({
  label: text,
  /** Settings that are part of the id and differ between the runs of the class, by dotted key. */
  settings: z.record(text, Setting),
  /** What the id holds besides settings: hashes of rows and weights, precision, numerics. */
  contents: z.record(text, text),
  /** `initial_weights`, `batch_order`, `adapter`. */
  hashes: z.record(text, text),
  /** The most lanes that went through the model together; null: not known. */
  lanes: value,
  changes: z.array(z.strictObject({ step: z.number(), kind: text, layers: text })),
  /** The values of every evaluation, by name. */
  evaluations: z.array(z.strictObject({ step: z.number(), split: text, values: z.record(text, value) })),
  /** The last loss of training, a mean over so many steps. */
  final_loss: z.strictObject({ step: z.number(), over: z.number(), value }).nullable(),
  best: z.strictObject({ name: text.nullable(), score: value, epoch: value }),
});
export type ReferenceRun = z.infer<typeof ReferenceRun>;

/** Whether there is anything that a later training could be compared with. */
export const hasNumbers = ({ hashes, changes, evaluations, final_loss }: ReferenceRun): boolean =>
  Object.keys(hashes).length + changes.length > 0 ||
  final_loss !== null ||
  evaluations.some(({ values }) => Object.keys(values).length > 0);

const ReferenceClass = z.strictObject({
  environment: z.record(text, text),
  /** Settings that all of its runs have alike. */
  settings: z.record(text, Setting),
  /** By id. */
  runs: z
    .record(z.string().regex(/^[0-9a-f]{16}$/), ReferenceRun)
    .refine((runs) => Object.keys(runs).length > 0, { message: "has no runs" }),
});
export type ReferenceClass = z.infer<typeof ReferenceClass>;

const Reference = z.strictObject({
  format: z.literal("lor2c reference"),
  version: z.literal(VERSION),
  classes: z.record(text, ReferenceClass),
});
export type Reference = z.infer<typeof Reference>;

export const emptyReference = (): Reference => ({ format: "lor2c reference", version: VERSION, classes: {} });

/** Throws UsageError if there is no such file, or it is no reference. */
export function readReference(file: string): Reference {
  const found = readIfThere(file);
  if (!found) throw new UsageError("REFERENCE", `there is no file ${file}`, "lor2c reference record makes one");
  if (Object.keys(found.classes).length === 0) {
    throw new UsageError("REFERENCE", `${file} has no device class to compare with`, RECORD);
  }
  return found;
}

const RECORD = "record it with lor2c reference record RUN|EXPERIMENT -o FILE";

/** Null: there is no such file. Throws UsageError if it is no reference. */
export function readIfThere(file: string): Reference | null {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw new UsageError("REFERENCE", `cannot read ${file}: ${(error as Error).message}`);
  }
  if (content.trim() === "") throw new UsageError("REFERENCE", `${file} is empty`, RECORD);
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new UsageError("REFERENCE", `${file} is damaged: ${(error as Error).message}`, restoreOr(file));
  }
  const parsed = Reference.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join(".") || "its top";
  throw new UsageError("REFERENCE", `${file} is no reference: ${place}: ${issue?.message}`, restoreOr(file));
}

const restoreOr = (file: string): string => `take ${file} from version control, or delete it and ${RECORD}`;

/** Sorted keys, and what has no further levels on one line, so that versions differ in few lines. */
export function referenceText(reference: Reference): string {
  return `${pretty(reference, "")}\n`;
}

function pretty(json: unknown, indent: string): string {
  if (json === null || typeof json !== "object") return JSON.stringify(json);
  const entries = Array.isArray(json)
    ? json.map((item) => ["", item] as const)
    : Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  const [open, close] = Array.isArray(json) ? "[]" : "{}";
  if (entries.length === 0) return `${open}${close}`;
  const inner = `${indent}  `;
  const parts = entries.map(
    ([key, item]) => `${Array.isArray(json) ? "" : `${JSON.stringify(key)}: `}${pretty(item, inner)}`,
  );
  const line = `${open}${parts.join(", ")}${close}`;
  if (depth(json) <= 2 && line.length <= LONGEST_LINE && !line.includes("\n")) return line;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}

const LONGEST_LINE = 160;

/** Levels of objects and lists. */
const depth = (json: unknown): number =>
  json === null || typeof json !== "object" ? 0 : 1 + Math.max(0, ...Object.values(json).map(depth));
