import type Database from "better-sqlite3";
import { type Conditions, type CopyTable, copyPlan } from "./copy-plan.js";

/**
 * Copies runs with all that belongs to them from the attached database `source`, which has the same schema, within the
 * caller's transaction. Numbers that are taken here are given anew. An experiment, environment or evaluation that is
 * here already stays as it is. The runs themselves must not be here. Throws if a row of a run was not copied.
 */
export function copyRuns(db: Database.Database, runs: readonly string[]): void {
  const { tables, conditions } = copyPlan(db);
  const bound = { runs: JSON.stringify(runs) };
  db.pragma("defer_foreign_keys = ON");
  for (const table of tables) if (table.kind !== "part") prepareTable(db, table, conditions, bound);
  for (const table of tables) insertRows(db, table, tables, conditions, bound);
  for (const { name } of tables)
    db.exec(`DROP TABLE IF EXISTS temp.new_${name}; DROP TABLE IF EXISTS temp.map_${name}`);
}

/** `temp.new_T` has the shared rows that are not here, `temp.map_T` the numbers that rows get here. */
function prepareTable(db: Database.Database, table: CopyTable, conditions: Conditions, bound: object): void {
  const { name, kind, numbered, primary } = table;
  const identity = kind === "shared" ? identityOf(db, table) : null;
  const same = identity?.map((column) => `t.${column} IS s.${column}`).join(" AND ");
  if (same !== undefined) {
    db.exec(`CREATE TEMP TABLE new_${name} (key PRIMARY KEY) WITHOUT ROWID`);
    db.prepare(
      `INSERT INTO temp.new_${name} SELECT s.${primary[0]} FROM source.${name} s
       WHERE (${conditions.get(name)}) AND NOT EXISTS (SELECT 1 FROM main.${name} t WHERE ${same})`,
    ).run(bound);
  }
  if (numbered === null) return;
  const rows = db
    .prepare(
      `SELECT s.${numbered} AS old, ${same ? `(SELECT t.${numbered} FROM main.${name} t WHERE ${same})` : "NULL"} AS here,
         EXISTS (SELECT 1 FROM main.${name} t WHERE t.${numbered} = s.${numbered}) AS taken
       FROM source.${name} s WHERE ${conditions.get(name)}`,
    )
    .all(bound) as { old: number; here: number | null; taken: number }[];
  const highest = db
    .prepare(`SELECT max(coalesce((SELECT max(${numbered}) FROM main.${name}), 0),
                         coalesce((SELECT max(${numbered}) FROM source.${name}), 0))`)
    .pluck()
    .get() as number;
  db.exec(`CREATE TEMP TABLE map_${name} (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)`);
  const insert = db.prepare(`INSERT INTO temp.map_${name} VALUES (?, ?)`);
  let next = highest;
  for (const { old, here, taken } of rows) insert.run(old, here ?? (taken ? ++next : old));
}

/**
 * The columns by which a shared row is known in every database: those of a UNIQUE constraint, else of the primary key,
 * else (where that is a number which means nothing elsewhere) all others.
 */
function identityOf(db: Database.Database, { name, columns, numbered, primary }: CopyTable): string[] {
  const index = db
    .prepare(`SELECT name FROM pragma_index_list(?, 'main') WHERE "unique" = 1 AND origin = 'u' LIMIT 1`)
    .pluck()
    .get(name) as string | undefined;
  if (index === undefined) return numbered === null ? primary : columns.filter((column) => column !== numbered);
  return db.prepare("SELECT name FROM pragma_index_info(?, 'main')").pluck().all(index) as string[];
}

function insertRows(
  db: Database.Database,
  table: CopyTable,
  tables: readonly CopyTable[],
  conditions: Conditions,
  bound: object,
): void {
  const { name, kind, columns, keys, primary, triggers } = table;
  const values = columns.map((column) => valueHere(table, column, `s.${column}`, tables));
  const fresh =
    kind === "shared"
      ? `s.${primary[0]} IN (SELECT key FROM temp.new_${name})`
      : keys
          .filter((key) => kind === "part" && key.cascades && key.from.length === 1)
          .map((key) => `s.${key.from[0]} IN (SELECT key FROM temp.new_${key.table})`)
          .join(" AND ");
  // Triggers may have made a row of an own table already. OR REPLACE would change what triggers do.
  const verb = kind === "own" && !triggers ? "INSERT OR REPLACE" : "INSERT";
  const wanted = `FROM source.${name} s WHERE (${conditions.get(name)})${fresh === "" ? "" : ` AND ${fresh}`}`;
  const { changes } = db
    .prepare(`${verb} INTO main.${name} (${columns.join(", ")}) SELECT ${values.join(", ")} ${wanted}`)
    .run(bound);
  const rows = db.prepare(`SELECT count(*) ${wanted}`).pluck().get(bound);
  if (changes !== rows) throw new Error(`${changes} of ${rows} rows of ${name} were copied`);
}

/** The value that a column gets here: its own, or the number that what it refers to gets here. */
function valueHere(table: CopyTable, column: string, value: string, tables: readonly CopyTable[]): string {
  if (table.numbered === column) return `(SELECT new FROM temp.map_${table.name} WHERE old = ${value})`;
  for (const key of table.keys) {
    const parent = tables.find(({ name }) => name === key.table);
    const index = key.from.indexOf(column);
    if (parent === undefined || index < 0) continue;
    const followed = valueHere(parent, key.to[index] ?? "", value, tables);
    if (followed !== value) return followed;
  }
  return value;
}
