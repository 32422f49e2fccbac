/** Files beside a database that nothing needs, for `lor2c gc`. What is in doubt is kept. */
import { readdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { bytesOf, discard, entriesOf, statOf } from "../files.js";
import { clearCheckpoints, unownedCheckpoints } from "./checkpoints.js";
import { clearDropped, unclearedAdapters } from "./drop-adapters.js";
import { reapLost } from "./lease.js";
import { knownElsewhere, sharedFolders } from "./neighbours.js";
import { recoverFolders } from "./remove.js";
import type { Store } from "./store.js";
import { trashedRuns, trashFolder } from "./trash/list.js";
import { emptyTrash } from "./trash/trash.js";

const KEY = /^[0-9a-f]{16}$/;
const ASIDE = ".removing-";

export interface Garbage {
  kind: "trash" | "orphan" | "leftover" | "adapter" | "checkpoint" | "copy";
  path: string;
  bytes: number;
  /** For people. */
  why: string;
}

export interface GarbageRequest {
  /**
   * Only what has not changed since this time, and no checkpoints and adapters, which the end of the next job deletes
   * anyway.
   */
  before: Date | null;
  /** Back-ups and rescued databases too. */
  copies: boolean;
}

/** Everything that `collect` would delete. Reads only. */
export function findGarbage(store: Store, request: GarbageRequest): Garbage[] {
  return [
    ...trashOf(store, request.before).map(({ run, label, at, bytes }) => ({
      kind: "trash" as const,
      path: join(trashFolder(store), "runs", run),
      bytes,
      why: `${label}, removed ${at.slice(0, 10)}`,
    })),
    ...old(
      [
        ...orphans(store),
        ...leftovers(store),
        ...(request.before === null ? [...checkpoints(store), ...adapters(store)] : []),
        ...(request.copies ? copies(store) : []),
      ],
      request.before,
    ),
  ];
}

/** Deletes what `findGarbage` finds, looking again under the lock of the database. Returns what could not be deleted. */
export function collect(store: Store, request: GarbageRequest): { fileBytes: number; problems: string[] } {
  reapLost(store);
  const found = findGarbage(store, request);
  const trashed = trashOf(store, request.before).map(({ run }) => run);
  // With a time, run by run: what another command moves there meanwhile is younger, and stays.
  const whole = request.before === null;
  const problems: string[] = [];
  if (whole || trashed.length > 0) problems.push(...emptyTrash(store, whole ? null : trashed).problems);
  // Nobody can claim a run, and with it its folder, before the folder has another name.
  const aside = store.write(() => {
    problems.push(...recoverFolders(store));
    return old(orphans(store), request.before).map(({ path }, index) => {
      const to = join(store.folder, "runs", `${ASIDE}orphan-${process.pid}-${index}`);
      renameSync(path, to);
      return to;
    });
  });
  const rest = found.filter(({ kind }) => kind === "leftover" || kind === "copy").map(({ path }) => path);
  problems.push(...[...aside, ...rest].flatMap((path) => discard(path) ?? []));
  if (request.before === null) problems.push(...clearCheckpoints(store), ...clearDropped(store));
  const left = found.reduce((sum, { path }) => sum + bytesOf(path), 0);
  return { fileBytes: found.reduce((sum, { bytes }) => sum + bytes, 0) - left, problems };
}

export interface RunBytes {
  run: string;
  label: string;
  state: string;
  bytes: number;
}

/** Bytes of the files of every stored run, the largest first. */
export function bytesPerRun(store: Store): RunBytes[] {
  const rows = store.prepare("SELECT run, label, state FROM v_runs").all() as Omit<RunBytes, "bytes">[];
  return rows
    .map((row) => ({ ...row, bytes: bytesOf(store.results.ofRun(row.run)) }))
    .sort((a, b) => b.bytes - a.bytes || (a.run < b.run ? -1 : 1));
}

const trashOf = (store: Store, before: Date | null) =>
  trashedRuns(store).filter(({ at }) => before === null || at < before.toISOString());

/** Folders of runs and of untuned models' evaluations that no database here names, copies of databases included. */
function orphans(store: Store): Garbage[] {
  const runs = join(store.folder, "runs");
  const own = entriesOf(runs).filter((name) => KEY.test(name));
  const models = entriesOf(join(runs, "models")).filter((name) => KEY.test(name));
  const known = knownElsewhere(store, [...own, ...models]);
  if (known === null) return []; // one of them cannot be read
  const run = store.prepare("SELECT 1 FROM runs WHERE id = ?");
  const evaluation = store.prepare("SELECT 1 FROM evaluations WHERE key = ?");
  return [
    ...own
      .filter((id) => run.get(id) === undefined && !known.has(id))
      .map((id) => item("orphan", join(runs, id), "no database here has this run")),
    ...models
      .filter((key) => evaluation.get(key) === undefined && !known.has(key))
      .map((key) => item("orphan", join(runs, "models", key), "no database here has this evaluation")),
  ];
}

const checkpoints = (store: Store): Garbage[] =>
  unownedCheckpoints(store).map(({ folder, why }) => item("checkpoint", folder, why));

const adapters = (store: Store): Garbage[] =>
  unclearedAdapters(store).map((path) => item("adapter", path, "its spec does not keep it"));

/** What a command that was killed had set aside to delete. */
function leftovers(store: Store): Garbage[] {
  const runs = join(store.folder, "runs");
  const known = store.prepare("SELECT 1 FROM runs WHERE id = ?");
  const others = sharedFolders(
    store,
    entriesOf(runs).map((name) => name.slice(ASIDE.length)),
  );
  return [runs, join(runs, ".checkpoints"), join(runs, ".trash"), join(trashFolder(store), "runs")].flatMap((folder) =>
    entriesOf(folder)
      // A folder of a run that is still stored, here or in another database, goes back to its place instead.
      .filter((name) => name.startsWith(ASIDE))
      .filter((name) => known.get(name.slice(ASIDE.length)) === undefined && !others.has(name.slice(ASIDE.length)))
      .map((name) => item("leftover", join(folder, name), "a command that deleted it was interrupted")),
  );
}

/** Copies that lor2c made of this database. */
function copies(store: Store): Garbage[] {
  const name = basename(store.path);
  return readdirSync(store.folder)
    .filter((file) => file.startsWith(`${name}.backup-`) || file.startsWith(`${name}.rescued-`))
    .map((file) =>
      item(
        "copy",
        join(store.folder, file),
        file.startsWith(`${name}.backup-`) ? "from before an upgrade" : "what a job rescued",
      ),
    );
}

const item = (kind: Garbage["kind"], path: string, why: string): Garbage => ({ kind, path, bytes: bytesOf(path), why });

/** Those that have not changed since. */
const old = (list: readonly Garbage[], before: Date | null): Garbage[] =>
  list.filter(({ path }) => before === null || (statOf(path)?.mtime ?? new Date()) < before);
