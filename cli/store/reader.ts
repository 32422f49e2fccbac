import { lostMessage, lostOf, type RunningAttempt, reapLost, runningAttempts } from "./lease.js";
import { openStore, type Store } from "./store.js";

/** Milliseconds to wait for another program's lock before giving up on marking attempts as lost. */
const PATIENCE = 500;

/** Opens a database for a command that only shows it. Runs whose runner was killed show as lost, not as running. */
export function openReader(path: string): Store {
  const store = openStore(path, { readonly: true });
  try {
    settleLost(store);
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}

/**
 * Makes attempts whose runner is dead `lost` for this store. Marks them in the file, which is the only write of a
 * command that shows something; if that fails, e.g. on a full disk or a read-only file, only this connection shows
 * them as lost. Returns how many there were. May be called again and again.
 */
export function settleLost(store: Store): number {
  const found = lostOf(runningAttempts(store));
  if (found.length === 0) return 0;
  const lost = [...(shownLost.get(store) ?? []), ...found];
  try {
    const writer = openStore(store.path);
    try {
      writer.busyTimeout = PATIENCE;
      reapLost(writer);
    } finally {
      writer.close();
    }
  } catch {
    showLost(store, lost);
    shownLost.set(store, lost);
  }
  return found.length;
}

/** Attempts that only this connection shows as lost. */
const shownLost = new WeakMap<Store, readonly RunningAttempt[]>();

/**
 * Temporary views hide the table and the views of the file: every statement of this connection reads the derived
 * state.
 */
function showLost({ db }: Store, lost: readonly RunningAttempt[]): void {
  const ids = lost.map(({ id }) => id).join(", ");
  const message = lost.map((attempt) => `WHEN ${attempt.id} THEN ${quote(lostMessage(attempt))}`).join(" ");
  const derived: Record<string, string> = {
    outcome: `iif(id IN (${ids}), 'lost', outcome)`,
    state: `iif(id IN (${ids}), 'lost', state)`,
    ended_at: `iif(id IN (${ids}), heartbeat_at, ended_at)`,
    message: `CASE id ${message} ELSE message END`,
  };
  const names = db.prepare("SELECT name FROM main.pragma_table_xinfo('attempts')").pluck().all() as string[];
  const columns = names.map((name) => (name in derived ? `${derived[name]} AS ${name}` : name));
  const views = db.prepare("SELECT sql FROM main.sqlite_schema WHERE type = 'view'").pluck().all() as string[];
  db.pragma("temp_store = MEMORY");
  db.exec("DROP VIEW IF EXISTS temp.attempts");
  db.exec(`CREATE TEMP VIEW attempts AS SELECT ${columns.join(", ")} FROM main.attempts`);
  for (const sql of views) db.exec(sql.replace(/^CREATE VIEW (IF NOT EXISTS )?/i, "CREATE TEMP VIEW IF NOT EXISTS "));
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
