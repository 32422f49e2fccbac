import { describe, expect, test } from "vitest";
import { HOSTILE } from "../fixtures/hostile.js";
import type { SqlValue } from "../store/query.js";
import { tooWide } from "./fixtures/too-wide.js";
import { queryBlocks, queryTable } from "./query-table.js";

const result = (columns: string[], rows: SqlValue[][]) => ({ columns, rows });
const table = (columns: string[], rows: SqlValue[][], width: number | null) => [
  ...queryTable(result(columns, rows), width),
];

describe("the table of a query", () => {
  test("cuts the widest texts, never numbers", () =>
    expect(
      table(
        ["id", "label", "score"],
        [
          ["a", "a label of rather many words", 0.123456],
          ["b", "short", 12345.678],
        ],
        39,
      ),
    ).toEqual([
      "id  label                         score",
      "──  ────────────────────────  ─────────",
      "a   a label of rather many …   0.123456",
      "b   short                     12345.678",
    ]));
  test("leaves the last columns out and names them", () =>
    expect(
      table(
        ["one", "two", "three"],
        [
          [123456789012, 1, 2],
          [1, 2, 3],
        ],
        19,
      ),
    ).toEqual([
      "         one  two",
      "────────────  ───",
      "123456789012    1",
      "           1    2",
      "left out: three",
      "  (--vertical shows",
      "  all)",
    ]));
  test("of a single row that is too wide is a block", () => {
    expect(table(["one", "two"], [["a text of words", 2]], 40)).toHaveLength(3);
    expect(table(["one", "two"], [["a text of words", 2]], 12)).toEqual([
      "one",
      "  a text of",
      "  words",
      "two",
      "  2",
    ]);
  });
  test("keeps NULL, empty and blank texts apart", () => {
    const values = [[null], [""], [" "], ["NULL"], ['"NULL"'], ["x"]];
    expect(table(["a"], values, null).slice(2)).toEqual(["NULL", '""', '" "', '"NULL"', '"\\"NULL\\""', "x"]);
  });
  test.each([20, 60, 80, 200])("is no wider than %i columns, whatever is in it", (width) => {
    const columns = Array.from({ length: 40 }, (_, i) => `column ${i}`);
    const rows = Array.from({ length: 3 }, () => columns.map((name) => `${name} ${HOSTILE} and more`));
    expect(tooWide(table(columns, rows, width).join("\n"), width)).toEqual([]);
  });
});

test("blocks have every value whole, also of several lines", () =>
  expect([
    ...queryBlocks(
      result(
        ["id", "text"],
        [
          ["a", "one\ntwo"],
          ["b", ""],
        ],
      ),
      null,
    ),
  ]).toEqual(["id    a", "text  one", "      two", "", "id    b", 'text  ""']));
