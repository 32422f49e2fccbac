import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimedStore, disposableFolder, sampleCell, sampleEvents } from "./fixtures/sample.js";
import { runQuery } from "./query.js";
import { openStore, type Store } from "./store.js";
import { ingest } from "./write.js";

const text = readFileSync("docs/database.md", "utf8");

let temp: { folder: string; remove: () => void };
let store: Store;
beforeAll(() => {
  temp = disposableFolder();
  const cell = sampleCell("a".repeat(16), { method: { name: "some-method", merges: 1, injections: 0 } });
  const claimed = claimedStore(temp.folder, [cell, sampleCell("b".repeat(16), { seed: 2 })]);
  ingest(
    claimed.store,
    claimed.attempts,
    [
      sampleEvents.ready(),
      sampleEvents.started([cell.id]),
      sampleEvents.metrics([cell.id], 2, 10, { loss: 1 }),
      sampleEvents.finished([cell.id], 3),
      { type: "failed", seq: 4, cells: ["b".repeat(16)], error_type: "E", message: "m", traceback: "t" },
    ],
    null,
  );
  claimed.store.close();
  store = openStore(join(temp.folder, "lor2c.db"), { readonly: true });
});
afterAll(() => {
  store.close();
  temp.remove();
});

/** Columns that a heading's table lists: `### name`, then rows of `| a, b | meaning |`. */
function documented(): Map<string, string[]> {
  const sections = text.split(/^### /m).slice(1);
  return new Map(
    sections.map((section) => {
      const name = section.slice(0, section.indexOf("\n")).trim();
      const rows = section.split("\n").filter((line) => line.startsWith("| ") && !/^\| (column|---)/.test(line));
      return [name, rows.flatMap((row) => (row.split(" | ")[0] ?? "").slice(2).split(", "))];
    }),
  );
}

test("the docs describe every column of every table and view, and nothing else", () => {
  const names = store.db
    .prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'")
    .pluck()
    .all() as string[];
  const actual = new Map(
    names.map((name) => [
      name,
      store.db.prepare("SELECT name FROM pragma_table_xinfo(?)").pluck().all(name) as string[],
    ]),
  );
  const sorted = (map: Map<string, string[]>) =>
    Object.fromEntries(
      [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, columns]) => [name, [...columns].sort()]),
    );
  expect(names.length).toBeGreaterThan(15);
  expect(sorted(documented())).toEqual(sorted(actual));
});

test("every example query runs and returns rows", () => {
  const queries = [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const inline = [...text.matchAll(/lor2c query "([^"]*)"/g)].map((match) => match[1] ?? "");
  expect(queries).toHaveLength(4);
  expect(inline).toHaveLength(1);
  for (const sql of [...queries, ...inline]) expect([...runQuery(store, sql).rows].length, sql).toBeGreaterThan(0);
});
