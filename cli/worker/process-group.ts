import { readdirSync, readFileSync } from "node:fs";
import { isMissing } from "../errors.js";
import { MARKER } from "./environment.js";

/**
 * Signals the group that `leader` leads. Call it only while the leader is alive or not yet reaped, because until then
 * no other process can get its pid, or the group's number.
 */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  send(-leader, signal);
}

/**
 * Sends SIGKILL to what a worker left behind after its death. The leader is reaped, so another process may have its
 * pid. On Linux a process is killed only if its environment has the worker's marker; this also finds children that
 * moved to a group of their own. Elsewhere the group is signalled.
 */
export function killLeftovers(leader: number, marker: string): void {
  let pids: number[] | undefined;
  try {
    pids = markedProcesses(marker);
  } catch {
    return; // unknown, e.g. without a free file descriptor: a leftover is better than killing another program
  }
  if (pids) for (const pid of pids) send(pid, "SIGKILL");
  else send(-leader, "SIGKILL");
}

/** Processes with this marker; undefined without /proc. Throws if /proc cannot be read. */
export function markedProcesses(marker: string): number[] | undefined {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if (!names.includes("self")) return undefined;
  const entry = `${MARKER}=${marker}`;
  return names
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && environmentOf(name).includes(entry))
    .map(Number);
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!isMissing(error) && code !== "EACCES" && code !== "EPERM") throw error;
    return []; // the process is gone, or belongs to another user
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
