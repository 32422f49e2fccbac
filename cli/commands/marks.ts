import type { Store } from "../store/store.js";

interface Request {
  db: string | undefined;
  json: boolean;
  /** Runs or experiments. */
  runs: readonly string[];
  /** Filters, as in `ls --where`. */
  where?: readonly string[] | undefined;
}

/** Opens the database, finds the runs, and prints the text that `change` returns, or with `--json` the rest of it. */
export async function changeMarks(
  { db, json, runs, where }: Request,
  change: (store: Store, ids: string[]) => { text: string },
): Promise<void> {
  const [{ openExisting, resolveDbPath }, { chooseSet }, { writeJson, writeLine }] = await Promise.all([
    import("../store/store.js"),
    import("../store/read.js"),
    import("../views/output.js"),
  ]);
  const store = openExisting(resolveDbPath(db));
  try {
    const all = runs.length === 0 && where === undefined; // not chosen by the caller
    const ids = all ? [] : chooseSet(store, { words: runs, where }).runs.map(({ id }) => id);
    const { text, ...changed } = change(store, ids);
    if (json) writeJson(changed);
    else writeLine(text);
  } finally {
    store.close();
  }
}
