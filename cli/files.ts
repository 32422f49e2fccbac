import { lstatSync, readdirSync, rmSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { isMissing } from "./errors.js";

/**
 * Deletes a file or folder that nobody needs any more. Never throws: what stays behind is no reason for anything to
 * fail. Returns why it stayed, or null.
 */
export function discard(path: string): string | null {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
    return null;
  } catch (error) {
    if (isMissing(error)) return null; // another process was faster
    return `${path} could not be deleted (${(error as Error).message})`;
  }
}

/** What is at `path`, links followed; undefined only when there is nothing. Where that cannot be found out it throws. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Tells one file from every other one, whatever their names. */
export function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** Names of what is in `folder`: none when it is not there, or is no folder. */
export function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Bytes of all files at `path`; links count as themselves, and what cannot be read as nothing. */
export function bytesOf(path: string): number {
  try {
    const found = lstatSync(path);
    if (!found.isDirectory()) return found.size;
    return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
  } catch {
    return 0; // another process deletes it as well, or we may not look into it: only a number for people
  }
}
