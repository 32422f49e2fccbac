/** What a device reports, in words. */
import { formatSeconds } from "../../../views/format.js";
import { oneLine } from "../../../views/parts/visible.js";
import type { DeviceReading } from "../../data.js";

/** Milliseconds after which a reading says nothing of now: five of a worker's. */
const STALE = 10_000;

const GIB = 1024 ** 3;

export const isStale = ({ at }: Pick<DeviceReading, "at">, now: number): boolean => now - at > STALE;

export function staleText({ at }: Pick<DeviceReading, "at">, now: number): string {
  const seconds = Math.floor((now - at) / 1000);
  return `no reading for ${seconds < 60 ? `${seconds} s` : formatSeconds(seconds)}`;
}

export const percentText = (share: number | null): string => (share === null ? "" : `${Math.round(share * 100)}%`);

/** `41/80 GiB`; the part that is not known is a dash, and nothing is said if both are. */
export function memoryText({ memoryUsed, memoryTotal }: Pick<DeviceReading, "memoryUsed" | "memoryTotal">): string {
  if (memoryUsed === null && memoryTotal === null) return "";
  return `${gib(memoryUsed)}/${gib(memoryTotal)} GiB`;
}

function gib(bytes: number | null): string {
  if (bytes === null) return "-";
  const size = bytes / GIB;
  return size < 9.95 ? size.toFixed(1) : String(Math.round(size));
}

export const temperatureText = (celsius: number | null): string => (celsius === null ? "" : `${Math.round(celsius)}°C`);

export const powerText = (watts: number | null): string => (watts === null ? "" : `${Math.round(watts)} W`);

/**
 * Name of each device; with its host where there are several. Two GPUs have one name where each is the only one that its job
 * sees: they get numbers.
 */
export function deviceNames(devices: readonly Pick<DeviceReading, "host" | "name">[]): string[] {
  const several = new Set(devices.map(({ host }) => host)).size > 1;
  const names = devices.map(({ host, name }) => oneLine(several ? `${host} ${name}` : name));
  return names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}

/** All devices in a few words: `cuda:0 91% 41/80 GiB 71°C`. Empty if there is none. */
export function deviceWords(devices: readonly DeviceReading[], now: number): string {
  const fresh = devices.filter((device) => !isStale(device, now));
  const [first, ...others] = fresh;
  if (first === undefined) {
    const [latest] = [...devices].sort((a, b) => b.at - a.at);
    return latest === undefined ? "" : `${words(devices.length, latest)} ${staleText(latest, now)}`;
  }
  const silent = devices.length - fresh.length;
  const parts =
    others.length === 0 && silent === 0
      ? [oneLine(first.name), percentText(first.utilization), memoryText(first), temperatureText(first.temperature)]
      : [
          `${devices.length} devices`,
          percentText(mean(fresh.map(({ utilization }) => utilization))),
          memoryText({
            memoryUsed: sum(fresh.map(({ memoryUsed }) => memoryUsed)),
            memoryTotal: sum(fresh.map(({ memoryTotal }) => memoryTotal)),
          }),
          hottest(fresh),
          silent === 0 ? "" : `${silent} silent`,
        ];
  return parts.filter(Boolean).join(" ");
}

const words = (count: number, { name }: DeviceReading): string => (count === 1 ? oneLine(name) : `${count} devices`);

function hottest(devices: readonly DeviceReading[]): string {
  const known = devices.flatMap(({ temperature }) => temperature ?? []);
  return known.length === 0 ? "" : `≤${temperatureText(Math.max(...known))}`;
}

/** Null if one is not known. */
function sum(values: readonly (number | null)[]): number | null {
  return values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
}

/** Of those that are known; null if none is. */
function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : (sum(known) ?? 0) / known.length;
}
