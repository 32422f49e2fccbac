import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/**
 * Whether this process may use its terminal now: not as a background job (`lor2c run ... &`), which the terminal stops
 * when it reads keys or changes modes. Without a terminal of its own it may not; unknown counts as yes.
 */
export function inForeground(): boolean {
  try {
    const [group, terminal] = existsSync("/proc/self/stat") ? fromProc() : fromPs();
    return group === terminal;
  } catch {
    return true;
  }
}

function fromProc(): (string | undefined)[] {
  const stat = readFileSync("/proc/self/stat", "utf8");
  // The name in parentheses may contain spaces and parentheses. Then: state, parent, group, session, terminal, its group.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [fields[2], fields[5]];
}

function fromPs(): string[] {
  const text = execFileSync("ps", ["-o", "pgid=,tpgid=", "-p", String(process.pid)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text.trim().split(/\s+/);
}
