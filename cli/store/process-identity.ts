import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/**
 * When process `pid` of this machine started, as text that no later process with the same number repeats;
 * null when there is no such process (or only its unreaped corpse).
 */
export function processStart(pid: number): string | null {
  return existsSync("/proc/self/stat") ? startFromProc(pid) : startFromPs(pid);
}

/** The very process is alive, not another one that got its number. */
export function isSameProcess(pid: number, started: string): boolean {
  return processStart(pid) === started;
}

function startFromProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces and parentheses: count fields from the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    if (state === "Z" || state === "X") return null;
    return `${bootId()}:${fields[19]}`;
  } catch {
    return null;
  }
}

/** Start times are ticks since boot: without this, a process after a restart could look like one before it. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().slice(0, 8);
  } catch {
    return "";
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
  } catch {
    return null;
  }
}
