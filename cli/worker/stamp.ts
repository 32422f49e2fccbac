import { statSync } from "node:fs";

/**
 * Changes whenever the file or folder changes: size, modification and change time, inode. sources.py makes the same.
 */
export function stampOf(path: string): string {
  try {
    const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
    return `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown"; // ENOENT changes when the file is made
  }
}
