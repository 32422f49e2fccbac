import { describe, expect, test } from "vitest";
import { HOSTILE } from "../../fixtures/hostile.js";
import { tooWide } from "../fixtures/too-wide.js";
import { facts } from "./facts.js";
import { prose } from "./prose.js";
import { type TableColumn, tableLines } from "./table.js";

const COLUMNS: TableColumn[] = [
  { key: "run", title: "run" },
  { key: "label", title: "label", least: 12, long: "apart" },
  { key: "score", title: "score at best epoch", align: "right" },
  { key: "method", title: "method", keep: 2 },
  { key: "seconds", title: "seconds", align: "right", keep: 1 },
];
const ROWS = [
  ["3fa94d1c", "merges=0 injections=0", "0.7500", "imlor2c", "58.8"],
  ["9b2e77aa", "merges=1 injections=12", "0.7", "lora", "1,061.3"],
];
const table = (width: number | null) => `\n${tableLines(COLUMNS, ROWS, width).join("\n")}\n`;

describe("a table", () => {
  test("is as wide as needed where there is no terminal", () =>
    expect(table(null)).toBe(`
run       label                   score at best epoch  method   seconds
3fa94d1c  merges=0 injections=0                0.7500  imlor2c     58.8
9b2e77aa  merges=1 injections=12                  0.7  lora     1,061.3
`));
  test("first breaks its titles, then cuts the widest texts that may be cut, then leaves columns out", () =>
    expect([64, 50, 40].map(table).join("")).toBe(`
                                      score at
run       label                     best epoch  method   seconds
3fa94d1c  merges=0 injections=0         0.7500  imlor2c     58.8
9b2e77aa  merges=1 injections=12           0.7  lora     1,061.3

                           score
                              at
                            best
run       label            epoch  method   seconds
3fa94d1c  mer…=0 inje…=0  0.7500  imlor2c     58.8
9b2e77aa  mer…=1 inj…=12     0.7  lora     1,061.3

                          score
                             at
                           best
run       label           epoch  method
3fa94d1c  mer…=0 inj…=0  0.7500  imlor2c
9b2e77aa  me…=1 inj…=12     0.7  lora
left out: seconds (a wider terminal
  shows them)
`));
  test("becomes a block for each row where the columns that must stay don't fit", () =>
    expect(table(24)).toBe(`
run
  3fa94d1c
label
  merges=0 injections=0
score at best epoch
  0.7500
method
  imlor2c
seconds
  58.8

run
  9b2e77aa
label
  merges=1 injections=12
score at best epoch
  0.7
method
  lora
seconds
  1,061.3
`));
  test("no rows are a line of titles", () => expect(tableLines(COLUMNS, [], 80)).toHaveLength(1));
});

test.each([10, 20, 30, 45, 60, 80, 120])("no line is wider than %i columns, except where a word is", (width) => {
  const hostile = [...ROWS, [HOSTILE, "日本語の長いラベル 👩‍👩‍👧 です", "0.1", "a\nb", "1"]];
  const lines = [
    ...tableLines(COLUMNS, hostile, width),
    ...tableLines(
      COLUMNS.map(({ keep: _, ...column }) => column),
      hostile,
      width,
    ),
    ...prose("    a sentence of some words, and one that is rather long", width),
    ...facts(
      [
        ["name", "many words in one value"],
        ["message", "a\nb c d"],
      ],
      width,
    ),
  ];
  expect(tooWide(lines.join("\n"), width)).toEqual([]);
});
