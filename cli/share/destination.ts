/** The folder of an export: checked before any work, and there as a whole or as it was. */
import { mkdirSync, readdirSync, realpathSync, renameSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { Lor2cError, UsageError } from "../errors.js";
import { discard, entriesOf, statOf } from "../files.js";
import { isConfig, isOfExport } from "./export-files.js";

/** Where nothing is written. */
export interface Kept {
  /** Folder of the database. */
  results: string;
  /** Folder of the run's base model, if it is one. */
  base: string | null;
}

/**
 * The absolute path where `folder` will be. Throws UsageError if nothing can be written there, or if something would be
 * lost: `force` replaces a folder in which all files are those of an adapter or a model.
 */
export function destinationOf(folder: string, force: boolean, { results, base }: Kept): string {
  const parent = dirname(resolve(folder));
  const path = statOf(folder)
    ? realpathSync(folder)
    : join(statOf(parent) ? realpathSync(parent) : parent, basename(resolve(folder)));
  const runs = join(statOf(results) ? realpathSync(results) : results, "runs");
  if (path === runs || path.startsWith(runs + sep) || runs.startsWith(path + sep)) {
    throw refused(`${folder} belongs to the database`, "name a folder outside of it");
  }
  if (base !== null && statOf(base) && realpathSync(base) === path) {
    throw refused(`${folder} is the base model of the run`, "name a new folder");
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
  const odd = names.find((name) => !isOfExport(path, name));
  if (odd !== undefined) {
    throw refused(
      `${join(folder, odd)} is no file of an adapter or a model, and --force would delete it`,
      "name a new folder, or move the file elsewhere first",
    );
  }
  return path;
}

const refused = (message: string, hint: string): UsageError => new UsageError("EXPORT_TARGET", message, hint);

/**
 * Calls `write` with a path that is not there, and puts what it writes at `path`. An error leaves `path` as it was, or
 * says where that is now.
 *
 * A folder that is there stays, and only its entries are exchanged: a shell may be in it, or a volume mounted at it.
 */
export async function placed<T>(path: string, write: (target: string) => Promise<T>): Promise<T> {
  const there = statOf(path) !== undefined;
  const before = entriesOf(path);
  const beside = join(there ? path : dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  discard(beside);
  mkdirSync(beside);
  let lost = false;
  try {
    const [target, old] = [join(beside, "new"), join(beside, "old")];
    const done = await write(target);
    if (there) {
      mkdirSync(old);
      lost = true;
      exchange(path, before, target, old);
      lost = false;
    } else renameSync(target, path);
    return done;
  } catch (error) {
    lost &&= error instanceof Lor2cError && error.code === "EXPORT_NOT_PLACED";
    throw error;
  } finally {
    if (!lost) discard(beside);
  }
}

/** Moves `names` from `path` to `old`, then all of `target` to `path`. Without its config a folder is no adapter: it goes
 * first and comes last, so that nobody takes old files for new ones. */
function exchange(path: string, names: readonly string[], target: string, old: string): void {
  const moves = [
    ...configsLast(names)
      .reverse()
      .map((name) => [join(path, name), join(old, name)] as const),
    ...configsLast(readdirSync(target)).map((name) => [join(target, name), join(path, name)] as const),
  ];
  const done: (readonly [string, string])[] = [];
  try {
    for (const [from, to] of moves) {
      renameSync(from, to);
      done.push([from, to]);
    }
  } catch (error) {
    putBack(done.reverse(), path, old, error as Error);
    throw error;
  }
}

const configsLast = (names: readonly string[]): string[] =>
  names.toSorted((a, b) => Number(isConfig(a)) - Number(isConfig(b)));

function putBack(moves: readonly (readonly [string, string])[], path: string, old: string, why: Error): void {
  try {
    for (const [from, to] of moves) renameSync(to, from);
  } catch (error) {
    throw new Lor2cError(
      "EXPORT_NOT_PLACED",
      `the new files could not be put into ${path} (${why.message}), nor the old ones back (${(error as Error).message})`,
      `what was there is in ${old}: move it back by hand`,
    );
  }
}
