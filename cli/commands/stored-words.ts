/** Words for the completion of arguments. Completion must not print errors: an unreadable source gives no words. */
import { existsSync } from "node:fs";
import { explainAll } from "../spec/explain.js";
import { keysIn } from "../store/filter/keys.js";
import { experiments, listRuns, tags, trashedRuns } from "../store/read.js";
import { NAMED_RUNS } from "../store/selector-words.js";
import { openStore, resolveDbPath, type Store } from "../store/store.js";
import { shortId } from "../views/format.js";
import { oneLine } from "../views/parts/visible.js";

/** Selectors and the ids of the default database. */
export const storedRuns = (): string[] => [
  ...NAMED_RUNS,
  ...fromStore((store) => listRuns(store).map((run) => shortId(run.id))),
];

export const storedExperiments = (): string[] =>
  fromStore((store) => [...new Set(experiments(store).map(({ name }) => name))]);

export const trashedIds = (): string[] => fromStore((store) => trashedRuns(store).map(({ run }) => shortId(run)));

export const storedTags = (): string[] => fromStore((store) => tags(store).map(({ tag }) => tag));

/** Keys of a filter, or to sort by. Those that need quotes there are left out. */
export const storedKeys = (sortable: boolean): string[] =>
  fromStore((store) => keysIn(store, { sortable }).filter((key) => sortable || !/[\s(),=<>!'"]/.test(key)));

export const specKeys = (): string[] => [...new Set(explainAll().map((entry) => entry.key))];

/** Words of one line: a shell gets one word a line, and no control characters. */
const fromStore = (read: (store: Store) => string[]): string[] =>
  readStore(read).filter((word) => word !== "" && oneLine(word) === word);

function readStore(read: (store: Store) => string[]): string[] {
  const path = resolveDbPath();
  if (!existsSync(path)) return [];
  try {
    const store = openStore(path, { readonly: true });
    try {
      return read(store);
    } finally {
      store.close();
    }
  } catch {
    return [];
  }
}
