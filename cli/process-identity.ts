import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isMissing } from "./errors.js";

/**
 * When process `pid` of this machine started, as text that no later process with the same number repeats;
 * null when there is no such process (or only its unreaped corpse). Throws when that cannot be found out, e.g. because
 * this process has no file descriptor left.
 */
export function processStart(pid: number): string | null {
  return existsSync("/proc/self/stat") ? startFromProc(pid) : startFromPs(pid);
}

/** Whether the very process lives, and not another one that got its number. */
export function processLife(pid: number, started: string): "alive" | "dead" | "unknown" {
  if (pid <= 0) return "dead"; // no process has such a number, and signals to it go to a whole group
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
  // The name in parentheses may hold spaces and parentheses: count fields from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  if (state === "Z" || state === "X") return null;
  return `${bootId()}:${fields[19]}`;
}

/** Start times are ticks since boot: without this, a process after a restart could look like one before it. */
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
    if ((error as { status?: number }).status === 1) return null; // how ps says that there is none
    throw error;
  }
}

/** `/proc` can be mounted so that it does not show processes of other users, which a signal reveals all the same. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false; // ours: /proc would have shown it, so it is a corpse
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
