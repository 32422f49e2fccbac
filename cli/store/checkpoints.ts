/**
 * Checkpoints lie beside the runs, in `.checkpoints/<key>/<tree>/`; runs that train as one tree share one. A checkpoint
 * is owned by the runs that its `tree.json` names, until each of them is finished or removed and none is in training, in
 * this database and in others beside it. What a worker leaves that wrote none (`keep.checkpoints`) has no owner once
 * nobody trains it.
 * Nothing that has an owner is deleted. Other trees of a key may train on meanwhile: a sweep has many of one key.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMissing } from "../errors.js";
import { discard, entriesOf, statOf } from "../files.js";
import { unfinishedElsewhere } from "./neighbours.js";
import type { Store } from "./store.js";
import { isBusy } from "./store-errors.js";

const FOLDER = ".checkpoints";
/** What is to be deleted is first moved here, under the write lock, so that nobody can claim it in between. */
const ASIDE = ".removing-";
/** A folder of this name, with its step, is a complete checkpoint; a tree that has one can be resumed. */
const STEP = /^step-\d+$/;
const TREE_FILE = "tree.json";
const MANIFEST_FILE = "manifest.json";
/** What a worker writes beside its checkpoints, and of no use without one. */
const BESIDE = new Set([TREE_FILE, `${TREE_FILE}.tmp`, "events.ndjson", "best", ".new"]);

interface Tree {
  key: string;
  name: string;
  folder: string;
  content: { cells: string[] };
}

/** The folder for the checkpoints of all runs that may share a tree. The worker makes it. */
export const checkpointFolder = (store: Store, key: string): string => join(rootOf(store), key);

/** A checkpoint that is complete. Whether its files are whole only the worker finds out, which reads them. */
export interface Checkpoint {
  step: number;
  /** Milliseconds since 1970. */
  writtenAt: number;
}

/** The complete checkpoints of each run that has some, the farthest first. None, where they cannot be read. */
export function checkpointsByRun(store: Store): Map<string, Checkpoint[]> {
  const found = new Map<string, Checkpoint[]>();
  try {
    for (const { folder, content } of trees(store)) {
      const owners = new Set(content.cells);
      for (const place of entriesOf(folder).filter((name) => STEP.test(name))) {
        const { cells, ...checkpoint } = readManifest(join(folder, place)) ?? {
          cells: [] as string[],
          step: 0,
          writtenAt: 0,
        };
        for (const run of cells) if (owners.has(run)) found.set(run, [...(found.get(run) ?? []), checkpoint]);
      }
    }
  } catch {
    return new Map();
  }
  for (const all of found.values()) all.sort((a, b) => b.step - a.step);
  return found;
}

/** Deletes the checkpoints that have no owner. Never throws; returns one line for each that could not be deleted. */
export function clearCheckpoints(store: Store): string[] {
  try {
    if (unowned(store).length > 0) store.write(() => setAside(store, unowned(store)));
    const root = rootOf(store);
    const left = entriesOf(root).filter((name) => name.startsWith(ASIDE));
    return left.map((name) => discard(join(root, name))).filter((problem) => problem !== null);
  } catch (error) {
    if (isBusy(error)) return []; // the next job that ends clears them
    return [`checkpoints were not cleared (${(error as Error).message})`];
  }
}

/** Folders of the checkpoints that have no owner, and why. */
export const unownedCheckpoints = (store: Store): { folder: string; why: string }[] =>
  unowned(store).map(({ folder }) => ({
    folder,
    why: isBare(folder) ? "there is no step to go on from" : "its runs are finished or were removed",
  }));

/** Takes removed runs off the list of owners; checkpoints that other runs need stay. Never throws. */
export function disownCheckpoints(store: Store, runs: readonly string[]): string[] {
  const gone = new Set(runs);
  try {
    store.write(() => {
      for (const tree of trees(store)) {
        const rest = tree.content.cells.filter((run) => !gone.has(run));
        // A worker that uses the checkpoint writes this file itself.
        if (rest.length === tree.content.cells.length || inUse(store, tree)) continue;
        const file = join(tree.folder, TREE_FILE);
        writeFileSync(`${file}.tmp`, JSON.stringify({ ...tree.content, cells: rest }));
        renameSync(`${file}.tmp`, file);
      }
    });
  } catch (error) {
    return [`checkpoints still name runs that were removed (${(error as Error).message})`];
  }
  return clearCheckpoints(store);
}

function setAside(store: Store, unwanted: Tree[]): void {
  for (const { key, folder } of unwanted) {
    renameSync(folder, join(rootOf(store), `${ASIDE}${randomUUID()}`));
    const rest = checkpointFolder(store, key);
    if (entriesOf(rest).length === 0) rmdirSync(rest);
  }
}

function unowned(store: Store): Tree[] {
  const open = store.prepare(
    "SELECT 1 FROM v_runs WHERE run IN (SELECT value FROM json_each(?)) AND state <> 'finished' LIMIT 1",
  );
  const ours = trees(store).filter((tree) => {
    if (inUse(store, tree)) return false;
    return isBare(tree.folder) || open.get(JSON.stringify(tree.content.cells)) === undefined;
  });
  const elsewhere = unfinishedElsewhere(
    store,
    ours.flatMap(({ content }) => content.cells),
  );
  return ours.filter(({ content }) => !content.cells.some((run) => elsewhere.has(run)));
}

/** No checkpoint, whole or damaged or of an older version. */
const isBare = (folder: string): boolean => entriesOf(folder).every((name) => BESIDE.has(name));

/** A worker trains one of its runs. Others of the same key only read it. */
function inUse(store: Store, { content }: Tree): boolean {
  return (
    store
      .prepare("SELECT 1 FROM attempts WHERE outcome IS NULL AND run IN (SELECT value FROM json_each(?)) LIMIT 1")
      .get(JSON.stringify(content.cells)) !== undefined
  );
}

/**
 * Every checkpoint whose list of runs can be read. The others are being written by another process, or are not ours.
 */
function trees(store: Store): Tree[] {
  const root = rootOf(store);
  const keys = entriesOf(root).filter((key) => !key.startsWith("."));
  return keys.flatMap((key) =>
    entriesOf(join(root, key)).flatMap((name) => {
      const folder = join(root, key, name);
      const content = readTree(join(folder, TREE_FILE));
      return content === undefined ? [] : [{ key, name, folder, content }];
    }),
  );
}

const hasCells = (content: unknown): content is { cells: string[] } => {
  const { cells } = (content ?? {}) as { cells?: unknown };
  return Array.isArray(cells) && cells.every((cell: unknown) => typeof cell === "string");
};

function readTree(file: string): { cells: string[] } | undefined {
  const content = readJson(file);
  return hasCells(content) ? content : undefined;
}

function readManifest(place: string): (Checkpoint & { cells: string[] }) | undefined {
  const file = join(place, MANIFEST_FILE);
  const content = (readJson(file) as { content?: unknown } | undefined)?.content;
  const step = (content as { step?: unknown } | undefined)?.step;
  if (!hasCells(content) || typeof step !== "number") return undefined;
  return { cells: content.cells, step, writtenAt: statOf(file)?.mtimeMs ?? 0 };
}

/** Undefined where there is no such file, or no JSON in it. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const rootOf = (store: Store): string => join(store.folder, "runs", FOLDER);
