import { join } from "node:path";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { expect, test } from "vitest";
import { HOSTILE } from "../fixtures/hostile.js";
import { disposableFolder } from "../store/fixtures/sample.js";
import { runExactQuery } from "../store/query.js";
import { openStore } from "../store/store.js";
import { parquetFile } from "./parquet.js";
import { typedColumns } from "./typed-columns.js";

const bufferOf = ({ buffer }: Uint8Array): ArrayBuffer => buffer as ArrayBuffer;

test("values of every type come back as they were, null included", async () => {
  const file = bufferOf(
    parquetFile([
      { key: "method.merges", type: "integer", values: [1, null, 2n ** 62n + 1n] },
      { key: "score", type: "real", values: [0.1, null, 1] },
      { key: "text", type: "text", values: [HOSTILE, null, ""] },
      { key: "flag", type: "boolean", values: [true, null, false] },
    ]),
  );
  expect(await parquetReadObjects({ file })).toEqual([
    { "method.merges": 1n, score: 0.1, text: HOSTILE, flag: true },
    { "method.merges": null, score: null, text: null, flag: null },
    { "method.merges": 2n ** 62n + 1n, score: 1, text: "", flag: false },
  ]);
});

test("equal columns give equal bytes; no rows make a file with its columns", async () => {
  const columns = [{ key: "a", type: "real" as const, values: Array.from({ length: 3000 }, (_, i) => i / 7) }];
  expect(parquetFile(columns)).toEqual(parquetFile(columns));
  const empty = bufferOf(parquetFile([{ key: "a", type: "integer", values: [] }]));
  expect(await parquetReadObjects({ file: empty })).toEqual([]);
  expect(parquetSchema(parquetMetadata(empty)).children.map(({ element }) => [element.name, element.type])).toEqual([
    ["a", "INT64"],
  ]);
});

test("a query's columns get one type each, from the values", async () => {
  const { folder, remove } = disposableFolder();
  const store = openStore(join(folder, "lor2c.db"));
  store.db.exec("CREATE TABLE declared (i INTEGER, r REAL, t TEXT); INSERT INTO declared VALUES (NULL, NULL, NULL)");
  const sql = (values: string) => `WITH v (x) AS (VALUES ${values}) SELECT x FROM v`;
  const typed = (text: string) => typedColumns(runExactQuery(store, text)).map(({ type, values }) => [type, values]);
  expect(typed(sql("(1), (NULL), (9007199254740993)"))).toEqual([["integer", [1, null, 9007199254740993n]]]);
  expect(typed(sql("(1.0), (2.0)"))).toEqual([["real", [1, 2]]]);
  expect(typed(sql("(1), (0.5)"))).toEqual([["real", [1, 0.5]]]);
  expect(typed(sql("(9007199254740993), (0.5)"))).toEqual([["text", ["9007199254740993", "0.5"]]]);
  expect(typed(sql("(1), ('a'), (NULL), (x'00ff')"))).toEqual([["text", ["1", "a", null, "x'00ff'"]]]);
  expect(typed("SELECT *, NULL FROM declared").map(([type]) => type)).toEqual(["integer", "real", "text", "text"]);
  store.close();
  remove();
});
