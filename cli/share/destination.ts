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
  const odd = oddEntry(path, names);
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
 * A folder that is there stays, since a shell may be in it, and only its entries are exchanged.
 */
export async function placed<T>(path: string, write: (target: string) => Promise<T>): Promise<T> {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  discard(beside);
  mkdirSync(beside);
  let lost = false;
  try {
    const [target, old] = [join(beside, "new"), join(beside, "old")];
    const done = await write(target);
    if (statOf(path)) {
      const odd = oddEntry(path, entriesOf(path));
      if (odd !== undefined)
        throw refused(`${join(path, odd)} came while the adapter was exported`, "move it elsewhere");
      mkdirSync(old);
      exchange(path, target, old);
    } else renameSync(target, path);
    return done;
  } catch (error) {
    lost = error instanceof Lor2cError && error.code === "EXPORT_NOT_PLACED";
    throw error;
  } finally {
    if (!lost) discard(beside);
  }
}

/** The first name of an entry that no export has. */
const oddEntry = (path: string, names: readonly string[]): string | undefined =>
  names.find((name) => !isOfExport(path, name));

interface Move {
  name: string;
  from: string;
  to: string;
}

/**
 * Moves all from `path` to `old`, then all from `target` to `path`. Without its config a folder is no adapter: it goes
 * first and comes last, so that nobody takes old files for new ones.
 */
function exchange(path: string, target: string, old: string): void {
  const moved = (names: readonly string[], from: string, to: string): Move[] =>
    names.map((name) => ({ name, from: join(from, name), to: join(to, name) }));
  const out = moved(configsLast(entriesOf(path)).reverse(), path, old);
  const moves = [...out, ...moved(configsLast(readdirSync(target)), target, path)];
  const done: Move[] = [];
  try {
    for (const move of moves) {
      renameSync(move.from, move.to);
      done.push(move);
    }
  } catch (error) {
    putBack(done.reverse(), path, old, error as Error);
    throw error;
  }
}

const configsLast = (names: readonly string[]): string[] =>
  names.toSorted((a, b) => Number(isConfig(a)) - Number(isConfig(b)));

/** Takes back as many moves as it can. */
function putBack(moves: readonly Move[], path: string, old: string, why: Error): void {
  const stuck: Move[] = [];
  let reason = "";
  for (const move of moves) {
    try {
      renameSync(move.to, move.from);
    } catch (error) {
      stuck.push(move);
      reason = (error as Error).message;
    }
  }
  if (stuck.length === 0) return;
  const fresh = stuck.flatMap(({ name, from }) => (dirname(from) === path ? [] : [name]));
  const first = fresh.length === 0 ? "" : `delete ${fresh.join(", ")} in ${path}, then `;
  throw new Lor2cError(
    "EXPORT_NOT_PLACED",
    `the new files could not be put into ${path} (${why.message}), nor the old ones back (${reason})`,
    `${first}move back by hand what is in ${old}`,
  );
}
