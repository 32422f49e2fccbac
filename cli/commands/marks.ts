import type { Store } from "../store/store.js";

interface Request {
  db: string | undefined;
  json: boolean;
  /** Runs or experiments. */
  runs: readonly string[];
}

/** Opens the database, finds the runs, and prints the text that `change` returns, or with `--json` the rest of it. */
export async function changeMarks(
  { db, json, runs }: Request,
  change: (store: Store, ids: string[]) => { text: string },
): Promise<void> {
  const [{ openExisting, resolveDbPath }, { chooseRuns }, { writeJson, writeLine }] = await Promise.all([
    import("../store/store.js"),
    import("../store/read.js"),
    import("../views/output.js"),
  ]);
  const store = openExisting(resolveDbPath(db));
  try {
    const ids = [...new Set(runs.flatMap((word) => chooseRuns(store, word).runs))];
    const { text, ...changed } = change(store, ids);
    if (json) writeJson(changed);
    else writeLine(text);
  } finally {
    store.close();
  }
}
