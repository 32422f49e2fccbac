import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../../errors.js";
import { discard, entriesOf, statOf } from "../../files.js";

const ASIDE = ".removing-";

/** Folders that were renamed, and can be renamed back. */
export class Moves {
  readonly #done: [from: string, to: string][] = [];

  /** Takes a folder out of the way, until `sweep` deletes it. */
  setAside(from: string, folder: string): void {
    this.rename(from, join(folder, ASIDE + randomUUID()));
  }

  /** Does nothing if there is no such folder. */
  rename(from: string, to: string): void {
    if (!statOf(from)) return;
    if (statOf(to)) throw new UsageError("FOLDER_EXISTS", `${to} exists already`, "move it away, then try again");
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
    this.#done.push([from, to]);
  }

  undo(): void {
    for (const [from, to] of this.#done.reverse()) renameSync(to, from);
  }
}

/** Takes a file or folder out of the way; `sweep` deletes it. */
export function setAside(path: string, folder: string): void {
  if (statOf(path)) renameSync(path, join(folder, ASIDE + randomUUID()));
}

/** Deletes what was set aside, also by an earlier process. Returns what could not be deleted. */
export function sweep(folder: string): string[] {
  const left = entriesOf(folder).filter((name) => name.startsWith(ASIDE));
  return left.flatMap((name) => discard(join(folder, name)) ?? []);
}
