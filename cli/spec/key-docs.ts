/** How a key of a spec is described, and short forms for the schemas of keys. */
import { z } from "zod";
import { unfitForName } from "./characters.js";

export interface KeyDocs {
  description: string;
  unit?: string;
  /** Paper section, or the name of the same setting in Hugging Face libraries. */
  source?: string;
  /** Names of the key in other tools; only used for suggestions. */
  aliases?: string[];
  /** Values of other tools, likewise. */
  valueAliases?: Record<string, string>;
  /** What to say of values that people expect and that there are not. */
  valueHints?: Record<string, string>;
  /** Describes the default, where the schema's value does not say enough. */
  defaultText?: string;
  /** The key changes no number of a run, so it is not part of the id. */
  outsideId?: true;
  /** The key acts on optimizer steps alone, so it is not part of the id of a run that takes none. */
  ofSteps?: true;
  since?: Since;
}

/**
 * For every key that is added after the first release: a run whose value is `before`, which means what runs did without
 * the key, has the id that it had then. Later changes of the default do not change this.
 */
interface Since {
  day: string;
  before: unknown;
}

export const key = <T extends z.ZodType>(schema: T, docs: KeyDocs): T => schema.meta({ ...docs });
export const hf = (name: string) => `transformers TrainingArguments.${name}`;
export const text = () => z.string().min(1);
export const name = (length: number) =>
  text()
    .max(length)
    .refine((value) => unfitForName(value) === undefined, { error: ({ input }) => unfitForName(String(input)) ?? "" });
export const count = () => z.int().min(1);
