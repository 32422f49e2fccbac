import { existsSync } from "node:fs";
import { shortId } from "../views/format.js";

/** Verbs whose arguments are runs. */
const TAKES_RUNS = new Set(["show", "logs", "predict", "verify", "rm"]);
/** Verbs whose arguments are files; the shell completes those when it is told nothing. */
const TAKES_FILES = new Set(["init", "validate", "plan", "run", "sweep"]);

/**
 * Words that may stand at the cursor after `verb`; null where yargs knows them: verbs and options.
 */
export async function completionValues(verb: string | undefined, current: string): Promise<string[] | null> {
  if (current.startsWith("-") || verb === undefined || verb === current) return null;
  if (TAKES_RUNS.has(verb)) return storedRuns();
  if (TAKES_FILES.has(verb)) return [];
  return verb === "explain" ? specKeys() : null;
}

/** Selectors and the ids of the default database; no ids when it can't be read: completion must never complain. */
async function storedRuns(): Promise<string[]> {
  const [{ openStore, resolveDbPath }, { listRuns }] = await Promise.all([
    import("../store/store.js"),
    import("../store/read.js"),
  ]);
  const path = resolveDbPath();
  const selectors = ["@last", "@best", "@failed"];
  if (!existsSync(path)) return selectors;
  try {
    const store = openStore(path, { readonly: true });
    try {
      return [...selectors, ...listRuns(store).map((run) => shortId(run.id))];
    } finally {
      store.close();
    }
  } catch {
    return selectors;
  }
}

async function specKeys(): Promise<string[]> {
  const { explainAll } = await import("../spec/explain.js");
  return [...new Set(explainAll().map((entry) => entry.key))];
}
