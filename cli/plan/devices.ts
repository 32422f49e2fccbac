import { UsageError } from "../errors.js";
import type { Devices } from "../spec/devices.js";
import type { Inspection } from "../worker/inspect.js";

type Variables = Record<string, string | undefined>;

/** A place for one worker at a time. */
export interface Slot {
  /** `cpu`, or a GPU as the user counts them. */
  device: string;
  /** What makes a worker see this device alone; there it is always `cuda:0`. */
  env: Record<string, string>;
}

const VISIBLE = "CUDA_VISIBLE_DEVICES";
/** No device has this number; an empty value would be an unset one on some systems. */
const NONE = "-1";

/**
 * What `look` finds out about the cells where they will train: precision depends on the device, and with it a run's id.
 * Throws UsageError for GPUs that are not there.
 */
export async function lookOn(
  devices: Devices,
  outer: Variables,
  look: (env: Record<string, string>, cells: boolean) => Promise<Inspection>,
): Promise<Inspection> {
  if (!Array.isArray(devices)) return look(devices === "cpu" ? { [VISIBLE]: NONE } : {}, true);
  const entries = devices.map((name) => entryOf(name, outer));
  const known = entries.filter((entry) => entry !== undefined);
  if (known.length === devices.length) {
    const inspection = await look({ [VISIBLE]: known.join(",") }, true);
    if (inspection.ready.gpus.length === devices.length) return inspection;
  }
  throw missing(devices, (await look({}, false)).ready.gpus);
}

/** The GPUs of `devices`, or the CPU; `gpus` are all that can be seen where no device was named. */
export function deviceNames(devices: Devices, gpus: readonly string[]): string[] {
  if (Array.isArray(devices)) return devices;
  return devices === "auto" && gpus.length > 0 ? gpus.map((_, index) => `cuda:${index}`) : ["cpu"];
}

/** `perDevice` slots on each device; the first ones are on different devices, for jobs that do not fill them all. */
export function slotsOn(devices: Devices, names: readonly string[], perDevice: number, outer: Variables): Slot[] {
  const once = names.map((device): Slot => {
    if (device !== "cpu") return { device, env: { [VISIBLE]: entryOf(device, outer) ?? NONE } };
    return { device, env: devices === "cpu" ? { [VISIBLE]: NONE } : {} };
  });
  return Array.from({ length: perDevice }, () => once).flat();
}

/** What stands for a GPU in CUDA_VISIBLE_DEVICES: the entry of the user's own list, where there is one. */
function entryOf(device: string, outer: Variables): string | undefined {
  const index = Number(device.slice("cuda:".length));
  return outer[VISIBLE] === undefined ? String(index) : outer[VISIBLE].split(",")[index]?.trim();
}

function missing(devices: readonly string[], gpus: readonly string[]): UsageError {
  const here = gpus.map((name, index) => `cuda:${index} (${name})`);
  const gone = devices.filter((device) => Number(device.slice("cuda:".length)) >= gpus.length);
  // All of them exist and yet they are not seen together: the restriction of the user names one twice, or none.
  const what =
    gone.length > 0 ? `no ${gone.join(" and no ")} here` : `${devices.join(" and ")} cannot be used together`;
  return new UsageError(
    "DEVICE_MISSING",
    `there is ${what}`,
    `devices that can be named: ${[...here, "cpu"].join(", ")}`,
  );
}
