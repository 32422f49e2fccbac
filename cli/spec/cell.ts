import type { z } from "zod";
import type { CellSchema } from "./schema.js";

/**
 * Everything that the worker gets to know about a run, with every default filled in, also of the method's parameters.
 */
export type Settings = z.output<typeof CellSchema>;

/** One combination of a spec: its label and its values on the axes. */
export interface PlaceInSweep {
  /** Short and unique within the spec: `method=lora rank=8`. */
  label: string;
  /** The dotted keys that vary within the spec, with this combination's values. */
  axes: Record<string, unknown>;
}

/** One fully resolved training run. */
export interface Cell extends PlaceInSweep {
  settings: Settings;
  /** The method's name in the spec, where it stands for another one: `qlora` for lora over nf4. */
  written?: string | undefined;
}

/** The method as tables name it. */
export const methodName = ({ settings, written }: Pick<Cell, "settings" | "written">): string =>
  written ?? settings.method.name;
