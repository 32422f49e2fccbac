import type { EnvironmentRow } from "./rows.js";

/**
 * The kind of device within which equal trainings give equal numbers, as a text; null where it is not stored (runs from
 * before it was).
 *
 * On a CPU: the platform, maker, family and model number of the processor, the instruction set that torch uses, the
 * number of threads, and the precision: each of them decides which kernels run, and in which order they sum. On a GPU: its
 * model and the precision. Versions of packages are no part of it: a release that computes other numbers is a difference.
 */
export function deviceClass(
  { device, device_description, platform, computing }: Pick<EnvironmentRow, "platform" | "computing"> & DeviceOf,
  precision: string | undefined,
): string | null {
  if (precision === undefined) return null;
  if (device !== "cpu") return `cuda ${device_description}, ${precision}`;
  const { cpu_kind, cpu, instruction_set, threads } = computing;
  if (instruction_set === undefined || threads === undefined) return null;
  const kind = cpu_kind ?? cpu ?? device_description;
  return `cpu ${platform} ${kind}, ${instruction_set}, ${threads === "1" ? "1 thread" : `${threads} threads`}, ${precision}`;
}

type DeviceOf = Pick<EnvironmentRow, "device" | "device_description">;
