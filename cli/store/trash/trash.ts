/**
 * The trash of a database is a database of its own, with a `runs/` of its own: `runs/.trash/<file>/lor2c.db`. Runs in it
 * are in no view, and nothing that reads runs needs to know about it. The lock of the database that it belongs to
 * protects both.
 *
 * A run is copied into the trash, its folder is renamed, and only then its rows are deleted; the way back is the same. So
 * after an interruption a run may be in both, or its folder in the wrong one: `settle` puts that right.
 */
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { Lor2cError, UsageError } from "../../errors.js";
import { bytesOf, entriesOf, identityOf, statOf } from "../../files.js";
import { disownCheckpoints } from "../checkpoints.js";
import { reapLost } from "../lease.js";
import { sharedFolders } from "../neighbours.js";
import { deleteUnused, isFull, recoverFolders, refuseRunning, sharedText } from "../remove.js";
import type { RunRow } from "../rows.js";
import { openStore, type Store } from "../store.js";
import { copyRuns } from "./copy-runs.js";
import { fileOf, hasTrash, isOlder, rootOf, trashFolder } from "./list.js";
import { Moves, setAside, sweep } from "./moves.js";

export interface Moved {
  runs: number;
  attempts: number;
  /** Bytes of the files that were moved. */
  fileBytes: number;
  problems: string[];
}

function openTrash(store: Store): Store {
  mkdirSync(trashFolder(store), { recursive: true });
  const trash = openStore(fileOf(store));
  // What is in the trash is deleted elsewhere, so it must be on the disk when it is called stored.
  trash.db.pragma("synchronous = FULL");
  trash.db.exec("CREATE TABLE IF NOT EXISTS trashed (run TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT");
  return trash;
}

/**
 * Moves runs with all their rows and files to the trash. Moves nothing if one of them is running. Of a run that was
 * removed before and trained again, only the newer one stays.
 */
export function trashRuns(store: Store, ids: readonly string[]): Moved {
  try {
    return moveToTrash(store, ids);
  } catch (error) {
    throw isFull(error) ? fullError(error) : error;
  }
}

function moveToTrash(store: Store, ids: readonly string[]): Moved {
  for (const id of ids) store.results.ofRun(id); // throws before anything is moved if an id is not valid
  reapLost(store);
  return withTrash(store, (trash) => {
    const moves = new Moves();
    const problems: string[] = [];
    let attempts = 0;
    try {
      store.write(() => {
        problems.push(...recoverFolders(store), ...settle(store, trash));
        refuseRunning(store, ids);
        const shared = sharedFolders(store, ids);
        attempts = countAttempts(store, ids);
        putRows(store, trash, ids);
        for (const id of ids) {
          const to = trash.results.ofRun(id);
          moves.setAside(to, join(trash.folder, "runs"));
          if (shared.has(id)) problems.push(sharedText(store.results.ofRun(id), shared.get(id)));
          else moves.rename(store.results.ofRun(id), to);
        }
        const remove = store.prepare("DELETE FROM runs WHERE id = ?");
        for (const id of ids) remove.run(id);
        deleteUnused(store);
      });
    } catch (error) {
      moves.undo();
      if (!(error instanceof Emptied)) dropRows(trash, ids);
      throw error;
    }
    problems.push(...sweep(join(trash.folder, "runs")), ...disownCheckpoints(store, ids));
    store.db.pragma("incremental_vacuum");
    const fileBytes = ids.reduce((sum, id) => sum + bytesOf(trash.results.ofRun(id)), 0);
    return { runs: ids.length, attempts, fileBytes, problems };
  });
}

/** Puts runs back from the trash. Throws UsageError, and puts none back, if one of them is stored again. */
export function restoreRuns(store: Store, ids: readonly string[]): Moved {
  for (const id of ids) store.results.ofRun(id);
  return withTrash(store, (trash) => {
    const moves = new Moves();
    const problems: string[] = [];
    let attempts = 0;
    try {
      problems.push(...store.write(() => settle(store, trash)));
      store.db.pragma("synchronous = FULL"); // as in the trash, from which they are deleted next
      attached(store, trash.path, () =>
        store.write(() => {
          refuseEmptied(trash);
          refuseMissing(trash, ids);
          refuseStored(store, ids);
          copyRuns(store.db, ids);
          dropSecondBaselines(store, ids);
          attempts = countAttempts(store, ids);
          for (const id of ids) moves.rename(trash.results.ofRun(id), store.results.ofRun(id));
        }),
      );
    } catch (error) {
      moves.undo();
      throw error;
    } finally {
      store.db.pragma("synchronous = NORMAL");
    }
    dropRows(trash, ids);
    const fileBytes = ids.reduce((sum, id) => sum + bytesOf(store.results.ofRun(id)), 0);
    return { runs: ids.length, attempts, fileBytes, problems };
  });
}

/** Deletes runs in the trash for good: those that are named, or all of it. Returns the bytes that were freed. */
export function emptyTrash(store: Store, ids: readonly string[] | null): { fileBytes: number; problems: string[] } {
  if (!hasTrash(store)) return { fileBytes: 0, problems: sweep(rootOf(store)) };
  const before = bytesOf(trashFolder(store));
  const problems = store.write(() => {
    const settled = withTrash(store, (trash) => {
      const left = settle(store, trash);
      if (ids === null) return left;
      dropRows(trash, ids);
      for (const id of ids) setAside(trash.results.ofRun(id), join(trash.folder, "runs"));
      trash.db.pragma("incremental_vacuum");
      return [...left, ...sweep(join(trash.folder, "runs"))];
    });
    if (ids === null) setAside(trashFolder(store), rootOf(store)); // as a whole: one step, which needs no space
    return settled;
  });
  problems.push(...sweep(rootOf(store)));
  return { fileBytes: before - bytesOf(trashFolder(store)), problems };
}

const fullError = (cause: unknown): Lor2cError =>
  new Lor2cError(
    "DISK_FULL",
    "there is no space to copy the rows of the runs into the trash; nothing was removed",
    "lor2c rm --now deletes at once, and lor2c gc what is in the trash",
    1,
    { cause },
  );

/** The file was opened before the lock was held, and another command has emptied the trash in between. */
class Emptied extends Error {}

/** `work` begins with `settle`, within the lock; it is called again with the new trash where another command emptied it. */
function withTrash<T>(store: Store, work: (trash: Store) => T): T {
  for (;;) {
    const trash = openTrash(store);
    try {
      return work(trash);
    } catch (error) {
      if (!(error instanceof Emptied)) throw error;
    } finally {
      trash.close();
    }
  }
}

/** What is written into a file that is deleted is lost. Call it within the lock, which nobody empties the trash without. */
function refuseEmptied(trash: Store): void {
  if (!statOf(trash.path) || identityOf(trash.path) !== trash.identity) throw new Emptied();
}

/** `source` is the database of `path` while `work` runs. */
function attached<T>(store: Store, path: string, work: () => T): T {
  store.prepare("ATTACH ? AS source").run(path);
  try {
    return work();
  } finally {
    store.db.exec("DETACH source");
  }
}

/**
 * Stores copies of the runs in the trash. The caller holds the lock of `store`, whose last committed rows are read; a
 * transaction that begins as `immediate` would wait for that lock.
 */
function putRows(store: Store, trash: Store, ids: readonly string[]): void {
  const put = trash.db.transaction(() => {
    deleteTrashed(trash, ids);
    copyRuns(trash.db, ids);
    const insert = trash.prepare("INSERT INTO trashed (run, at) VALUES (?, ?)");
    for (const id of ids) insert.run(id, new Date().toISOString());
  });
  attached(trash, store.path, () => put.deferred());
}

function dropRows(trash: Store, ids: readonly string[]): void {
  trash.write(() => deleteTrashed(trash, ids));
}

function deleteTrashed(trash: Store, ids: readonly string[]): void {
  for (const id of ids) {
    trash.prepare("DELETE FROM trashed WHERE run = ?").run(id);
    trash.prepare("DELETE FROM runs WHERE id = ?").run(id);
  }
  deleteUnused(trash);
}

/**
 * Ends what was interrupted: a run that is in both is not removed, and a folder belongs where its rows are. Returns what
 * could not be put right.
 */
function settle(store: Store, trash: Store): string[] {
  refuseEmptied(trash);
  const ids = trash.prepare("SELECT run FROM trashed").pluck().all() as string[];
  const known = store.prepare("SELECT 1 FROM runs WHERE id = ?");
  const both = ids.filter((id) => known.get(id) !== undefined && !isOlder(store, trash, id));
  const only = ids.filter((id) => known.get(id) === undefined);
  const shared = sharedFolders(store, only);
  const moves = [
    // Trained on meanwhile, it has a folder again: the attempts that the trash has go beside the newer ones.
    ...both.flatMap((id) => {
      const [from, to] = [trash.results.ofRun(id), store.results.ofRun(id)];
      return statOf(to) ? entriesOf(from).map((name) => [join(from, name), join(to, name)] as const) : [];
    }),
    ...both.map((id) => [trash.results.ofRun(id), store.results.ofRun(id)] as const),
    ...only.filter((id) => !shared.has(id)).map((id) => [store.results.ofRun(id), trash.results.ofRun(id)] as const),
  ];
  const problems: string[] = [];
  for (const [from, to] of moves) {
    if (!statOf(from) || statOf(to)) continue;
    try {
      mkdirSync(dirname(to), { recursive: true });
      renameSync(from, to);
    } catch (error) {
      problems.push(`${from} could not be moved (${(error as Error).message})`);
    }
  }
  if (both.length > 0) dropRows(trash, both);
  return problems;
}

function refuseMissing(trash: Store, ids: readonly string[]): void {
  const trashed = trash.prepare("SELECT 1 FROM trashed WHERE run = ?");
  const missing = ids.filter((id) => trashed.get(id) === undefined);
  if (missing.length === 0) return;
  const hint = "lor2c restore lists what is in it";
  const what = `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"}`;
  throw new UsageError("RUN_NOT_FOUND", `${what} not in the trash any more; nothing was restored`, hint);
}

function refuseStored(store: Store, ids: readonly string[]): void {
  const stored = ids.filter((id) => store.prepare("SELECT 1 FROM runs WHERE id = ?").get(id) !== undefined);
  if (stored.length === 0) return;
  throw new UsageError(
    "RUN_EXISTS",
    `${stored.join(", ")} ${stored.length === 1 ? "is" : "are"} stored again; nothing was restored`,
    `lor2c rm --now ${stored.join(" ")} deletes the newer one first`,
  );
}

const countAttempts = (store: Store, ids: readonly string[]): number =>
  store
    .prepare("SELECT count(*) FROM attempts WHERE run IN (SELECT value FROM json_each(?))")
    .pluck()
    .get(JSON.stringify(ids)) as number;

/** A restored run is no baseline any more where another one has taken its place. */
function dropSecondBaselines(store: Store, ids: readonly string[]): void {
  const group = (run: RunRow) => JSON.stringify([run.model, run.task, run.own_rows]);
  const rows = store.prepare("SELECT v.* FROM baselines b JOIN v_runs v ON v.run = b.run").all() as (RunRow & {
    run: string;
  })[];
  const others = new Set(rows.filter(({ run }) => !ids.includes(run)).map(group));
  const remove = store.prepare("DELETE FROM baselines WHERE run = ?");
  for (const row of rows) if (ids.includes(row.run) && others.has(group(row))) remove.run(row.run);
}
