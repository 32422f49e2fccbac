/** Where workers train: `auto` is every visible GPU, or the CPU where there is none. GPUs by their names, each once. */
export type Devices = "auto" | "cpu" | string[];

/** A GPU as PyTorch calls it: the first one that this process may see is `cuda:0`. */
export const GPU = /^cuda:(0|[1-9]\d*)$/;

export const hasTwice = (names: readonly string[]): boolean => new Set(names).size < names.length;

/** `--devices`: auto, cpu, or GPUs between commas. Undefined for anything else. */
export function parseDevices(text: string): Devices | undefined {
  if (text === "auto" || text === "cpu") return text;
  const names = text.split(",").map((name) => name.trim());
  return names.every((name) => GPU.test(name)) && !hasTwice(names) ? names : undefined;
}
