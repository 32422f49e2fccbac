import { UsageError } from "../errors.js";
import type { Devices } from "../spec/devices.js";
import type { Answer } from "../worker/request.js";
import type { Slot } from "./executor.js";

type Variables = Record<string, string | undefined>;

const VISIBLE = "CUDA_VISIBLE_DEVICES";
/** No device has this number. On some systems an empty value counts as unset. */
const NONE = "-1";

/**
 * Asks a worker to which the same devices are visible as to those that will train. `ask` is called with the variables
 * for that worker; `whole` is false if only its handshake matters. Throws UsageError for GPUs that do not exist.
 */
export async function askOn<Reply extends Pick<Answer, "ready">>(
  devices: Devices,
  outer: Variables,
  ask: (env: Record<string, string>, whole: boolean) => Promise<Reply>,
): Promise<Reply> {
  if (!Array.isArray(devices)) return ask(devices === "cpu" ? { [VISIBLE]: NONE } : {}, true);
  const entries = devices.map((name) => entryOf(name, outer));
  const known = entries.filter((entry) => entry !== undefined);
  if (known.length === devices.length) {
    const answer = await ask({ [VISIBLE]: known.join(",") }, true);
    if (answer.ready.gpus.length === devices.length) return answer;
  }
  throw missing(devices, (await ask({}, false)).ready.gpus);
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
