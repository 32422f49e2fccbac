import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { freeBytes, nearestExisting } from "../../scripts/env/worker-env.mjs";
import { Lor2cError, messageOf } from "../errors.js";
import { fail, ok, type Row, warn } from "./row.js";
import { whyNotWritable } from "./writable.js";

const MB = 2 ** 20;

/** The database that a run would write, and its disk. `sqlite`: whether better-sqlite3 can be loaded. */
export async function databaseRows(flag: string | undefined, sqlite: boolean): Promise<Row[]> {
  if (!sqlite) return [fail("database", "cannot be opened without SQLite", "See the row `sqlite`.")];
  const { resolveDbPath } = await import("../store/store.js");
  const path = resolveDbPath(flag);
  return [await databaseRow(path), diskRow(path)];
}

async function databaseRow(path: string): Promise<Row> {
  const elsewhere = "Name another file with --db or LOR2C_DB, or change the folder's owner or mode.";
  const problem = whyNotWritable(dirname(path));
  if (problem !== undefined) return fail("database", `${path}: ${problem}`, elsewhere);
  if (!existsSync(path) || isEmptyFile(path)) return ok("database", `${path} (the first run makes it)`);
  const [{ openStore }, { schemaState }, { access, constants }] = await Promise.all([
    import("../store/store.js"),
    import("../store/migrate.js"),
    import("node:fs/promises"),
  ]);
  try {
    await access(path, constants.W_OK);
    const store = openStore(path, { readonly: true, anySchema: true });
    try {
      const runs = store.db.prepare("SELECT count(*) FROM runs").pluck().get();
      if (schemaState(store.db) === "current") return ok("database", `${path}, ${runs} runs`);
      return warn(
        "database",
        `${path}, of an older lor2c`,
        "The next run upgrades it and keeps a back-up; or `lor2c migrate`.",
      );
    } finally {
      store.close();
    }
  } catch (error) {
    const own = error instanceof Lor2cError ? error.hint : undefined;
    const message = messageOf(error);
    return fail("database", message.includes(path) ? message : `${path}: ${message}`, own ?? elsewhere);
  }
}

/** SQLite treats an empty file as a new database. */
function isEmptyFile(path: string): boolean {
  const found = statSync(path);
  return found.isFile() && found.size === 0;
}

function diskRow(path: string): Row {
  const free = freeBytes(nearestExisting(dirname(path)));
  if (free === undefined)
    return warn("disk", "free space unknown", "Adapters and the database need some megabytes per run.");
  const value = `${Math.round(free / MB).toLocaleString("en-US")} MB free beside the database`;
  if (free < 100 * MB) return fail("disk", value, "Free some space, or name a database on another disk.");
  if (free < 2000 * MB)
    return warn("disk", value, "Enough for small adapters; models and data sets are cached elsewhere.");
  return ok("disk", value);
}
