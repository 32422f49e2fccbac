import type { z } from "zod";
import { GPU, hasTwice } from "./gpu-names.js";
import type { FileSchema } from "./schema.js";

/**
 * Where workers train: `auto` is every visible GPU, or the CPU if there is none. Otherwise a list of GPUs, each once.
 */
export type Devices = z.output<typeof FileSchema>["devices"];

/** `--devices`: auto, cpu, or GPUs separated by commas. Undefined for anything else. */
export function parseDevices(text: string): Devices | undefined {
  if (text === "auto" || text === "cpu") return text;
  const names = text.split(",").map((name) => name.trim());
  return names.every((name) => GPU.test(name)) && !hasTwice(names) ? names : undefined;
}
