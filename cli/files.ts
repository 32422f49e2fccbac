import { lstatSync, readdirSync, rmSync, type Stats, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMissing } from "./errors.js";

/**
 * Deletes a file or folder that is no longer needed. Never throws, because a leftover must not make anything else fail.
 * Returns why it could not be deleted, or null.
 */
export function discard(path: string): string | null {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
    return null;
  } catch (error) {
    if (isMissing(error)) return null; // another process deleted it first
    return `${path} could not be deleted (${(error as Error).message})`;
  }
}

/** The stat of `path`, links followed; undefined only if nothing is there. Throws if that cannot be determined. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Identifies a file, whatever its name. */
export function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** The names in `folder`; none if it does not exist or is not a folder. */
export function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Bytes of all files at `path`; links count as themselves, and unreadable files as 0. */
export function bytesOf(path: string): number {
  try {
    const found = lstatSync(path);
    if (!found.isDirectory()) return found.size;
    return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
  } catch {
    return 0; // another process deletes it too, or it may not be read; the number is only information
  }
}

/** The free disk of the folder, or of the one that it will be made in; null if the system does not say. */
export function freeDisk(folder: string): number | null {
  for (const place of [folder, dirname(folder)]) {
    try {
      const { bavail, bsize } = statfsSync(place);
      return bavail * bsize;
    } catch {
      // no folder yet, or no such call on this system
    }
  }
  return null;
}
