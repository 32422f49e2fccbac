import { readFileSync } from "node:fs";

/**
 * Start time of a process in clock ticks since boot, which tells it from a later process with the same number. Null on
 * systems without /proc, or when there is no such process.
 * @param {number} pid @returns {string | null}
 */
export function processStart(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may contain spaces.
    const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? null : (fields[18] ?? null);
  } catch {
    return null;
  }
}
