import { cacheRows } from "./caches.js";
import { databaseRows } from "./database.js";
import { nodeRows } from "./node.js";
import { pythonRows } from "./python.js";
import type { Row } from "./row.js";
import { temporaryRow } from "./temporary.js";

/** Everything a run depends on, in the order in which to repair it. */
export async function examine(db: string | undefined): Promise<Row[]> {
  const [node, python] = await Promise.all([nodeRows(), pythonRows()]);
  const sqlite = node.every((row) => row.name !== "sqlite" || row.state === "ok");
  return [...node, ...python, ...(await databaseRows(db, sqlite)), temporaryRow(), ...cacheRows()];
}
