/** The folder of an export: checked before any work, and there as a whole or as it was. */
import { mkdirSync, realpathSync, renameSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { UsageError } from "../errors.js";
import { discard, entriesOf, statOf } from "../files.js";

/** Files that only a folder with an adapter or a model has. */
const MARKS = ["adapter_config.json", "trained.json", "model.safetensors"];

/**
 * The absolute path where `folder` will be. Throws UsageError if nothing can be written there, or if something would be
 * lost: `force` replaces an adapter or a model, and nothing else. `results`: the folder of a database.
 */
export function destinationOf(folder: string, force: boolean, results: string): string {
  const parent = dirname(resolve(folder));
  const path = statOf(folder)
    ? realpathSync(folder)
    : join(statOf(parent) ? realpathSync(parent) : parent, basename(resolve(folder)));
  const runs = join(statOf(results) ? realpathSync(results) : results, "runs");
  if (path === runs || path.startsWith(runs + sep) || runs.startsWith(path + sep)) {
    throw refused(`${folder} belongs to the database`, "name a folder outside of it");
  }
  const found = statOf(path);
  if (found && !found.isDirectory()) throw refused(`${folder} is a file`, "name a folder");
  if (!found && !statOf(dirname(path))?.isDirectory()) {
    throw refused(`there is no folder ${dirname(path)}`, "make it first, or name another one");
  }
  const names = found ? entriesOf(path) : [];
  if (names.length === 0) return path;
  if (!force)
    throw refused(
      `${folder} is not empty`,
      "name a new folder, or give --force if it is an adapter that may be replaced",
    );
  if (!names.some((name) => MARKS.includes(name))) {
    throw refused(
      `${folder} holds something else than an adapter or a model, which --force does not replace`,
      "name a new folder",
    );
  }
  return path;
}

const refused = (message: string, hint: string): UsageError => new UsageError("EXPORT_TARGET", message, hint);

/** Calls `write` with a path that is not there, and puts what it writes at `path`; an error leaves `path` as it was. */
export async function placed<T>(path: string, write: (target: string) => Promise<T>): Promise<T> {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  discard(beside);
  mkdirSync(beside);
  try {
    const [target, old] = [join(beside, "new"), join(beside, "old")];
    const done = await write(target);
    const there = statOf(path) !== undefined;
    if (there) renameSync(path, old);
    try {
      renameSync(target, path);
    } catch (error) {
      if (there) renameSync(old, path);
      throw error;
    }
    return done;
  } finally {
    discard(beside);
  }
}
