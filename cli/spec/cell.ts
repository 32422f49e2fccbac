import type { z } from "zod";
import type { CellSchema } from "./schema.js";

/** Everything the worker is told about a run. Every default is filled in, the method's parameters included. */
export type Settings = z.output<typeof CellSchema>;

/** One combination of a spec: where it is on the axes, and what tells it from the others. */
export interface Place {
  /** Short and unique within the spec: `method=lora rank=8`. */
  label: string;
  /** The dotted keys that vary within the spec, with this combination's values. */
  axes: Record<string, unknown>;
}

/** One fully resolved training run. */
export interface Cell extends Place {
  settings: Settings;
}
