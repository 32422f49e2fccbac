import { renameSync } from "node:fs";
import { join } from "node:path";
import { isMissing, Lor2cError, UsageError } from "../errors.js";
import { bytesOf, discard, entriesOf, statOf } from "../files.js";
import { disownCheckpoints } from "./checkpoints.js";
import { deleteUnusedEvaluations, evaluatorOf } from "./evaluations.js";
import { isLost, ownerOf, reapLost, runningAttempts } from "./lease.js";
import { sharedFolders } from "./neighbours.js";
import { describeOwner } from "./owners/index.js";
import type { Store } from "./store.js";

const ASIDE = ".removing-";

export interface Removal {
  runs: number;
  attempts: number;
  /** Bytes of the deleted files, plus what the database file shrank by. */
  fileBytes: number;
  databaseBytes: number;
  /** One line for each file that could not be deleted. The rows are deleted all the same. */
  problems: string[];
}

/**
 * Deletes runs with all their rows and files. Deletes nothing if one of them is running.
 * On a full disk even rows cannot be deleted. Then the files are deleted first, which makes room.
 */
export function removeRuns(store: Store, ids: string[]): Removal {
  for (const id of ids) store.results.ofRun(id); // throws before anything is deleted if an id is not valid
  try {
    return removeTogether(store, ids);
  } catch (error) {
    if (!isFull(error)) throw error;
    const fileBytes = removeFiles(store, ids);
    try {
      const removal = removeTogether(store, ids);
      return { ...removal, fileBytes: removal.fileBytes + fileBytes };
    } catch (again) {
      if (!isFull(again)) throw again;
      throw new Lor2cError(
        "DISK_FULL",
        `the files of ${ids.length === 1 ? "the run" : `the ${ids.length} runs`} are deleted, but there is no space to delete their rows in ${store.path}`,
        "free some space, then run the same command again",
        1,
        { cause: again },
      );
    }
  }
}

/**
 * Inside the transaction the folders are only renamed; a failure undoes that. After an interruption in between, the
 * next removal puts them right.
 */
function removeTogether(store: Store, ids: string[]): Removal {
  reapLost(store);
  const before = databaseBytes(store);
  const aside: { from: string; to: string }[] = [];
  const problems: string[] = [];
  let attempts = 0;
  try {
    store.write(() => {
      problems.push(...recoverFolders(store));
      refuseRunning(store, ids);
      attempts = ids.reduce((sum, id) => sum + deleteRows(store, id), 0);
      deleteUnused(store);
      const shared = sharedFolders(store, ids);
      for (const id of ids) {
        const from = store.results.ofRun(id);
        if (!statOf(from)) continue;
        if (shared.has(id)) {
          problems.push(sharedText(from, shared.get(id)));
          continue;
        }
        const to = join(store.folder, "runs", `${ASIDE}${id}`);
        renameSync(from, to);
        aside.push({ from, to });
      }
    });
  } catch (error) {
    for (const { from, to } of aside) putBack(to, from);
    throw error;
  }
  const fileBytes = aside.reduce((sum, { to }) => sum + bytesOf(to), 0);
  for (const { to } of aside) problems.push(...texts(discard(to)));
  problems.push(...disownCheckpoints(store, ids));
  store.db.pragma("incremental_vacuum");
  return { runs: ids.length, attempts, fileBytes, databaseBytes: before - databaseBytes(store), problems };
}

export function isFull(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "DISK_FULL" || code === "DATABASE_IO" || code === "ENOSPC";
}

/** Returns how many bytes were freed. */
function removeFiles(store: Store, ids: string[]): number {
  refuseRunning(store, ids);
  const shared = sharedFolders(store, ids);
  return ids
    .filter((id) => !shared.has(id))
    .map((id) => store.results.ofRun(id))
    .reduce((sum, folder) => {
      const bytes = bytesOf(folder);
      return discard(folder) === null ? sum + bytes : sum;
    }, 0);
}

export const sharedText = (folder: string, other: string | undefined): string =>
  `${folder} stays: ${other} has this run too`;

const asideId = (name: string): string => name.slice(ASIDE.length);

const texts = (problem: string | null): string[] => (problem === null ? [] : [problem]);

/** Returns how many attempts were deleted. */
function deleteRows(store: Store, id: string): number {
  const attempts = store.prepare("SELECT count(*) FROM attempts WHERE run = ?").pluck().get(id) as number;
  store.prepare("DELETE FROM runs WHERE id = ?").run(id);
  return attempts;
}

export function deleteUnused(store: Store): void {
  deleteUnusedEvaluations(store);
  store.prepare("DELETE FROM experiments WHERE id NOT IN (SELECT experiment FROM experiment_cells)").run();
  store
    .prepare(
      `DELETE FROM environments WHERE id NOT IN (
         SELECT environment FROM attempts WHERE environment IS NOT NULL
         UNION SELECT environment FROM evaluations WHERE environment IS NOT NULL)`,
    )
    .run();
  store
    .prepare("DELETE FROM git_diffs WHERE sha256 NOT IN (SELECT git_diff FROM environments WHERE git_diff IS NOT NULL)")
    .run();
  store.prepare("DELETE FROM bundles WHERE id NOT IN (SELECT bundle FROM attempts WHERE bundle IS NOT NULL)").run();
}

/**
 * Folders that an interrupted removal renamed: renamed back if their run still exists, deleted otherwise. Those of runs of
 * another database here are left to it: it may be about to remove them, or to put them back.
 */
export function recoverFolders(store: Store): string[] {
  const runs = join(store.folder, "runs");
  const left = entriesOf(runs).filter((entry) => entry.startsWith(ASIDE));
  const others = sharedFolders(store, left.map(asideId));
  return left.flatMap((name) => {
    const id = asideId(name);
    if (others.has(id)) return [];
    const known = store.prepare("SELECT 1 FROM runs WHERE id = ?").get(id) !== undefined;
    return texts(
      known && !statOf(join(runs, id)) ? putBack(join(runs, name), join(runs, id)) : discard(join(runs, name)),
    );
  });
}

/** Another process may do this first. Returns why the folder could not be renamed back, or null. */
function putBack(aside: string, folder: string): string | null {
  try {
    renameSync(aside, folder);
    return null;
  } catch (error) {
    return isMissing(error) ? null : `${aside} could not be renamed (${(error as Error).message})`;
  }
}

export function refuseRunning(store: Store, ids: readonly string[]): void {
  for (const id of ids) {
    const evaluator = evaluatorOf(store, id);
    if (evaluator !== null) {
      throw new UsageError(
        "RUN_RUNNING",
        `run ${id} is being evaluated by ${evaluator}; nothing was removed`,
        "wait for it, or end it with Ctrl-C there",
      );
    }
    const running = runningAttempts(store, id).find((attempt) => !isLost(attempt));
    if (!running) continue;
    throw new UsageError(
      "RUN_RUNNING",
      `run ${id} is being trained by ${describeOwner(ownerOf(running))}; nothing was removed`,
      `stop it first: lor2c stop ${id}`,
    );
  }
}

function databaseBytes(store: Store): number {
  const pages = store.db.pragma("page_count", { simple: true }) as number;
  return pages * (store.db.pragma("page_size", { simple: true }) as number);
}
