/**
 * Which rows belong to a run, found from the foreign keys of the schema, so that a new table needs no line here:
 * - own: rows that are deleted with the run, in one step or several (ON DELETE CASCADE);
 * - shared: rows that own ones refer to, such as its experiments, environments and evaluations;
 * - parts: rows that are deleted with shared ones and refer to nothing else, such as an environment's packages.
 */
import type Database from "better-sqlite3";

interface Key {
  table: string;
  from: string[];
  to: string[];
  cascades: boolean;
}

export interface CopyTable {
  name: string;
  kind: "own" | "shared" | "part";
  /** Columns that can be written. */
  columns: string[];
  /** The column whose whole numbers are given anew in another database; null if there is none. */
  numbered: string | null;
  /** Of one column, except for own tables. */
  primary: string[];
  keys: Key[];
  /** Whether something else happens when a row is inserted. */
  triggers: boolean;
}

/** Condition on rows of `source.<table>` that belong to the runs `@runs`, a JSON list. */
export type Conditions = ReadonlyMap<string, string>;

export function copyPlan(db: Database.Database): { tables: CopyTable[]; conditions: Conditions } {
  const names = db
    .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    .pluck()
    .all() as string[];
  const keys = new Map(names.map((name) => [name, keysOf(db, name)]));
  const conditions = new Map([["runs", "id IN (SELECT value FROM json_each(@runs))"]]);
  const own = addDependents(names, keys, conditions);
  const shared = addShared(["runs", ...own], keys, conditions);
  const parts = addDependents(names, keys, conditions);
  const kinds = [
    ...shared.map((name) => [name, "shared"] as const),
    ...parts.map((name) => [name, "part"] as const),
    ...["runs", ...own].map((name) => [name, "own"] as const),
  ];
  return { tables: kinds.map(([name, kind]) => tableOf(db, name, kind, keys.get(name) ?? [])), conditions };
}

/** Adds the tables whose rows are deleted with rows of known ones. Returns their names, in an order of parents first. */
function addDependents(
  names: readonly string[],
  keys: ReadonlyMap<string, Key[]>,
  conditions: Map<string, string>,
): string[] {
  const added: string[] = [];
  for (let found = true; found; ) {
    found = false;
    for (const name of names) {
      const key = keys.get(name)?.find(({ table, cascades }) => cascades && conditions.has(table));
      if (key === undefined || conditions.has(name)) continue;
      conditions.set(name, within(key.from, key.to, key.table, conditions));
      added.push(name);
      found = true;
    }
  }
  return added;
}

/** Adds the tables that known ones refer to. Returns their names. */
function addShared(
  known: readonly string[],
  keys: ReadonlyMap<string, Key[]>,
  conditions: Map<string, string>,
): string[] {
  const added: string[] = [];
  const queue = [...known];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    for (const { table, from, to } of keys.get(name) ?? []) {
      if (known.includes(table)) continue;
      const condition = within(to, from, name, conditions);
      const before = conditions.get(table);
      if (before?.includes(condition)) continue;
      conditions.set(table, before === undefined ? condition : `${before} OR ${condition}`);
      if (before === undefined) added.push(table);
      queue.push(table); // what it refers to has more rows now
    }
  }
  return added;
}

function within(columns: string[], others: string[], table: string, conditions: Conditions): string {
  return `(${columns.join(", ")}) IN (SELECT ${others.join(", ")} FROM source.${table} WHERE ${conditions.get(table)})`;
}

function keysOf(db: Database.Database, table: string): Key[] {
  const rows = db.prepare("SELECT * FROM pragma_foreign_key_list(?, 'main') ORDER BY id, seq").all(table) as {
    id: number;
    table: string;
    from: string;
    to: string;
    on_delete: string;
  }[];
  return [...new Set(rows.map(({ id }) => id))].map((key) => {
    const parts = rows.filter(({ id }) => id === key);
    return {
      table: parts[0]?.table ?? "",
      from: parts.map(({ from }) => from),
      to: parts.map(({ to }) => to),
      cascades: parts[0]?.on_delete === "CASCADE",
    };
  });
}

function tableOf(db: Database.Database, name: string, kind: CopyTable["kind"], keys: Key[]): CopyTable {
  const columns = (
    db.prepare("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?, 'main')").all(name) as {
      name: string;
      type: string;
      pk: number;
      hidden: number;
    }[]
  ).filter(({ hidden }) => hidden === 0);
  const primary = columns.filter(({ pk }) => pk > 0);
  const only = primary.length === 1 ? primary[0] : undefined;
  const triggers = db.prepare("SELECT 1 FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?").get(name);
  return {
    name,
    kind,
    columns: columns.map((column) => column.name),
    // a number that refers to something else is not given anew, but follows what it refers to
    numbered: only?.type === "INTEGER" && keys.every(({ from }) => !from.includes(only.name)) ? only.name : null,
    primary: primary.map((column) => column.name),
    keys,
    triggers: triggers !== undefined,
  };
}
