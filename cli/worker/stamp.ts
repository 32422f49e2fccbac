import { statSync } from "node:fs";

/** Changes whenever the file or folder does: size, times of content and of inode, number. sources.py makes the same. */
export function stampOf(path: string): string {
  try {
    const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
    return `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown"; // ENOENT becomes something else when it is made
  }
}
