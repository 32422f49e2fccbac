import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isMissing } from "./errors.js";

/**
 * When process `pid` of this machine started, as a text that no later process with the same pid has. Null if there is
 * no such process, or only a zombie. Throws if that cannot be determined, e.g. because this process has no free file
 * descriptor.
 */
export function processStart(pid: number): string | null {
  return existsSync("/proc/self/stat") ? startFromProc(pid) : startFromPs(pid);
}

/** Whether this process is alive. Another process that got its pid does not count. */
export function processLife(pid: number, started: string): "alive" | "dead" | "unknown" {
  if (pid <= 0) return "dead"; // no process has such a pid, and a signal to it goes to a whole group
  try {
    const found = processStart(pid);
    if (found !== null) return found === started ? "alive" : "dead";
    return isHidden(pid) ? "unknown" : "dead";
  } catch {
    return "unknown";
  }
}

function startFromProc(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  // The name in parentheses may contain spaces and parentheses, so count fields from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  if (state === "Z" || state === "X") return null;
  return `${bootId()}:${fields[19]}`;
}

/** Start times are ticks since boot: without the boot, a process after a restart could look like one before it. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().slice(0, 8);
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

function startFromPs(pid: number): string | null {
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.trim() || null;
  } catch (error) {
    if ((error as { status?: number }).status === 1) return null; // ps exits with 1 if there is none
    throw error;
  }
}

/** `/proc` can be mounted so that it does not show processes of other users, which a signal still reveals. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false; // our own process, which /proc would show if it were alive
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
