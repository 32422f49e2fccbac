import { readdirSync, readFileSync } from "node:fs";
import { isMissing } from "../errors.js";
import { MARKER } from "./environment.js";

/**
 * Signal the group that `leader` leads. Only while the leader is alive or unreaped: its number, and with it the
 * group's, cannot belong to anybody else until then.
 */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  send(-leader, signal);
}

/**
 * SIGKILL what a worker left behind after its own death. The leader is reaped by now and its number may be somebody
 * else's, so on Linux a process is only killed when it carries the worker's marker in its environment; that also
 * finds children that moved to a group of their own. Elsewhere the group is signalled at once.
 */
export function killLeftovers(leader: number, marker: string): void {
  let pids: number[] | undefined;
  try {
    pids = markedProcesses(marker);
  } catch {
    return; // nothing is known, e.g. without a file descriptor left: rather leave one than end a stranger's
  }
  if (pids) for (const pid of pids) send(pid, "SIGKILL");
  else send(-leader, "SIGKILL");
}

/** Living processes with this marker; undefined where there is no /proc to look at. Throws when looking fails. */
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
    return []; // gone meanwhile, or another user's
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
