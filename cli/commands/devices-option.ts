import { type Devices, parseDevices } from "../spec/devices.js";

/** `--devices`: its purpose, and the default. */
export const devicesOption = (purpose: string, otherwise: string) => ({
  type: "string" as const,
  describe: `${purpose}: cuda:0,cuda:1, cpu, or auto (all GPUs, else the CPU). Default: ${otherwise}`,
  coerce: devicesOf,
});

/** Throws if the text does not name devices; yargs prints the message as a usage error. */
function devicesOf(text: string | undefined): Devices | undefined {
  const devices = text === undefined ? undefined : parseDevices(text);
  if (text === undefined || devices !== undefined) return devices;
  throw new Error(`--devices ${text}: give auto, cpu, or GPUs, each once, such as cuda:0,cuda:1`);
}
