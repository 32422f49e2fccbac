/** Types of columns, for the schemas in rows.ts. */
import { z } from "zod";
import { OUTCOMES } from "../protocol/messages.js";

export const Outcome = z.enum(OUTCOMES);
export const StoredState = z.enum(["planned", "running", ...OUTCOMES]);
export type StoredState = z.infer<typeof StoredState>;

export const text = z.string();
export const number = z.number();
/** SQLite has no booleans. */
export const flag = z.literal([0, 1]);
export const rows = z.enum(["eval", "holdout"]);
export const basis = z.enum(["alike", "model", "device", "rule"]);
export const axes = z.record(text, z.union([number, text]).nullable());
