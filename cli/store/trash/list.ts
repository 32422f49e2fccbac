/** Where the trash of a database is, and what is in it. */
import { basename, join } from "node:path";
import { bytesOf, statOf } from "../../files.js";
import { openStore, type Store } from "../store.js";

export interface TrashedRun {
  run: string;
  label: string;
  /** When it was removed. */
  at: string;
  /** Bytes of its files. */
  bytes: number;
  /** Whether it was planned anew since, so that it can't come back beside the newer one. */
  replaced: boolean;
}

export const rootOf = (store: Store): string => join(store.folder, "runs", ".trash");
export const trashFolder = (store: Store): string => join(rootOf(store), basename(store.path));
export const fileOf = (store: Store): string => join(trashFolder(store), "lor2c.db");
/** An empty file was begun by a command that was killed. */
export const hasTrash = (store: Store): boolean => (statOf(fileOf(store))?.size ?? 0) > 0;

/** What is in the trash, newest first, as it is stored there. Reads only. */
export function trashedRuns(store: Store): TrashedRun[] {
  if (!hasTrash(store)) return [];
  const trash = openStore(fileOf(store), { readonly: true, anySchema: true });
  try {
    // A command that was killed while it made the trash has put nothing into it.
    if (trash.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'trashed'").get() === undefined) return [];
    const rows = trash
      .prepare("SELECT t.run, r.label, t.at FROM trashed t JOIN runs r ON r.id = t.run ORDER BY t.at DESC, t.run")
      .all() as Omit<TrashedRun, "bytes" | "replaced">[];
    const known = store.prepare("SELECT 1 FROM runs WHERE id = ?");
    return rows
      .map((row) => ({ ...row, replaced: known.get(row.run) !== undefined }))
      .filter(({ run, replaced }) => !replaced || isOlder(store, trash, run)) // after an interruption one may be in both
      .map((row) => ({ ...row, bytes: bytesOf(trash.results.ofRun(row.run)) }));
  } finally {
    trash.close();
  }
}

/** Whether a run whose id begins like this is in the trash. A trash that cannot be read has none, as far as is known. */
export function isTrashed(store: Store, prefix: string): boolean {
  try {
    return trashedRuns(store).some(({ run }) => run.startsWith(prefix));
  } catch {
    return false;
  }
}

/** Whether the run was planned anew after it was removed, so that the one in the trash is another one. */
export function isOlder(store: Store, trash: Store, id: string): boolean {
  const sql = "SELECT created_at FROM runs WHERE id = ?";
  return store.prepare(sql).pluck().get(id) !== trash.prepare(sql).pluck().get(id);
}
