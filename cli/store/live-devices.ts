import type { LiveDevice, WorkerReading } from "./live-rows.js";

/** Milliseconds by which readings of one device may differ and still be of the same moment. */
const TOGETHER = 10_000;

/**
 * What each device reports, by host and name. A GPU tells each of its workers the same, so the newest counts. A CPU tells
 * each worker of itself: memory and CPU time add up, and utilisation is the mean.
 */
export function devicesOf(readings: readonly WorkerReading[]): LiveDevice[] {
  const groups = new Map<string, WorkerReading[]>();
  for (const reading of readings) {
    const key = JSON.stringify([reading.host, reading.uuid ?? reading.device]);
    groups.set(key, [...(groups.get(key) ?? []), reading]);
  }
  return [...groups.values()]
    .map(together)
    .sort((a, b) => compare(a.host, b.host) || compare(a.device, b.device) || compare(a.uuid ?? "", b.uuid ?? ""));
}

function together(readings: readonly WorkerReading[]): LiveDevice {
  const newest = readings.reduce((best, reading) => (reading.at > best.at ? reading : best));
  const fresh = readings.filter(({ at }) => Date.parse(newest.at) - Date.parse(at) <= TOGETHER);
  const { pid: _, ...device } = newest;
  const all = { ...device, workers: fresh.length, cpu_share: sum(fresh.map(({ cpu_share }) => cpu_share)) ?? 0 };
  if (newest.uuid !== null) return all;
  const busy = sum(fresh.map(({ utilization }) => utilization));
  return {
    ...all,
    memory_used: sum(fresh.map(({ memory_used }) => memory_used)),
    utilization: busy === null ? null : busy / fresh.length,
  };
}

/** Null if one is not known. */
function sum(values: readonly (number | null)[]): number | null {
  return values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
}

/** `cuda:10` comes after `cuda:9`. */
const compare = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });
