import stringWidth from "string-width";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { paperStore, storeExperiment, type Told } from "../../paper/fixtures/stored.js";
import { measureTable } from "../../paper/measure-table.js";
import type { MeasuredTable } from "../../paper/measured-table.js";
import { paperTables } from "../../paper/reference.js";
import { shippedCatalog } from "../../spec/catalog.js";
import { disposableFolder } from "../../store/fixtures/sample.js";
import { comparableRuns } from "../../store/read-comparable.js";
import { latexText } from "../parts/latex-text.js";
import { PAPER_FORMATS } from "./index.js";

const { tables } = paperTables();
const empty = { runs: [], score: "best", experiment: null, catalog: shippedCatalog(), audited: true } as const;
let filled: MeasuredTable;
let temp: { folder: string; remove: () => void };
beforeAll(() => {
  temp = disposableFolder();
  const store = paperStore(temp.folder);
  const seeds = (method: Told["method"], parameters: number, ...best: number[]) =>
    best.map((score, i): Told => ({ method, parameters, seed: 17 + i, best: score }));
  storeExperiment(store, "a_b", [
    ...seeds({ name: "lora", rank: 8 }, 294_912, 0.8968, 0.897, 0.8972),
    ...seeds({ name: "lor2c", rank: 8 }, 147_456, 0.86, 0.87, 0.88),
    ...seeds({ name: "pissa", rank: 8 }, 294_912, 0.9),
  ]);
  filled = measureTable({
    name: "table1",
    table: tables.table1,
    runs: comparableRuns(store, ["mrpc"]),
    model: tables.table1.model,
    score: "best",
    experiment: "a_b",
    catalog: shippedCatalog(),
    audited: true,
  });
  store.close();
});
afterAll(() => temp.remove());

describe("text", () => {
  test("measured, published and verdict below each other; a row without runs has no third line", () => {
    const lines = PAPER_FORMATS.text(filled, null).split("\n");
    expect(lines[0]).toBe("Table I of the paper, GLUE dev sets: measured and published scores, times 100");
    expect(lines[3]).toBe(
      "Score of a run: that of its best epoch, chosen by the dev rows that it is reported on (--score best).",
    );
    const at = lines.findIndex((line) => line.startsWith("LoRA "));
    expect(lines.slice(at, at + 4).map((line) => line.split(/\s{2,}/).slice(0, 4))).toEqual([
      ["LoRA", "294,912", "not run", "89.7 ± 0.0 (3)"],
      ["", "published", "0.3M", "95.1"],
      ["", "verdict", "reproduced"],
      ["AdaLoRA", "not run", "not run", "not run"],
    ]);
  });

  test("keeps to the width in several tables, each with the methods; every column is there once", () => {
    const lines = PAPER_FORMATS.text(filled, 60).split("\n");
    const heads = lines.filter((line) => line.startsWith("Method"));
    expect(heads.length).toBeGreaterThan(1);
    expect(heads.flatMap((line) => line.split(/\s{2,}/).slice(2))).toEqual([
      ...tables.table1.columns.map(({ name }) => name),
      "Avg.",
    ]);
    const cells = lines.filter((line) => /^(Method|LoRA|LoR2C| {2}published)/.test(line));
    for (const line of cells) expect(stringWidth(line), line).toBeLessThanOrEqual(60);
  });
});

test("markdown: rows of equal length, verdict in the cell, no underscore that makes text italic", () => {
  const text = PAPER_FORMATS.markdown(filled, null);
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  expect(new Set(rows.map((row) => row.split("|").length))).toEqual(new Set([11]));
  expect(rows).toHaveLength(2 + 2 * 10);
  expect(text).toContain("| LoRA | 294,912 | not run | 89.7 ± 0.0 (3) **reproduced** | not run |");
  expect(text).toContain("| *published* | 0.3M | 95.1 | 89.7 | 63.4 | 93.3 | 78.4 | 91.5 | 85.2 |");
  expect(text).toContain("experiment a\\_b");
});

describe("latex", () => {
  test("booktabs, as many cells in each row as columns, no text that LaTeX takes for a command", () => {
    const lines = PAPER_FORMATS.latex(filled, null).split("\n");
    for (const rule of ["\\toprule", "\\midrule", "\\bottomrule"]) expect(lines).toContain(rule);
    const rows = lines.filter((line) => line.endsWith(" \\\\"));
    expect(rows).toHaveLength(1 + 2 * 10);
    for (const row of rows) expect(row.match(/(?<!\\)&/g)).toHaveLength(8);
    expect(lines).toContain("LoRA & 294,912 & -- & $89.7 \\pm 0.0_{3}^{=}$ & -- & -- & -- & -- & -- \\\\");
    expect(lines.find((line) => line.startsWith("PiSSA"))).toContain("$90.0_{1}^{?}$");
    expect(lines.find((line) => line.startsWith("LoR2C"))).toContain("^{?}$");
    expect(lines.find((line) => line.includes("leq"))).toContain("$\\leq$0.15M");
    const bare = lines
      .filter((line) => !line.startsWith("%"))
      .join("\n")
      .match(/(?<!\\)[%#]|[≤±~]/g);
    expect(bare).toBeNull();
  });

  test("any text", () => {
    expect(latexText("50 % of a_b & {c} \\d #1 $2 ^~ <≤> --x")).toBe(
      "50 \\% of a\\_b \\& \\{c\\} \\textbackslash{}d \\#1 \\$2 \\textasciicircum{}\\textasciitilde{} $<$$\\leq$$>$ -{}-x",
    );
  });
});

test("csv: a record for every cell and average, of equal length", () => {
  const records = PAPER_FORMATS.csv(filled, null).split("\r\n");
  expect(records).toHaveLength(1 + 10 * 7);
  const head = records[0]?.split(",") ?? [];
  for (const record of records) expect(record.replace(/"[^"]*"/g, "").split(",")).toHaveLength(head.length);
  const lora = records.find((record) => record.startsWith("table1,lora,LoRA,0.3M,MRPC,"))?.split(",") ?? [];
  const value = (name: string) => lora[head.indexOf(name)];
  expect([
    value("metric"),
    value("published"),
    value("verdict"),
    value("n"),
    value("seeds"),
    value("experiment"),
  ]).toEqual(["accuracy", "89.7", "reproduced", "3", "17 18 19", "a_b"]);
});

test("json: the table itself", () => {
  expect(JSON.parse(PAPER_FORMATS.json(filled, null))).toEqual(filled);
});

test("table II has no runs, and is printed in every format", () => {
  const table = measureTable({ ...empty, name: "table2", table: tables.table2, model: tables.table2.model });
  for (const format of Object.values(PAPER_FORMATS)) expect(format(table, 80)).toContain("HEval");
  expect(PAPER_FORMATS.text(table, null)).toContain("46.62    33.00    32.24    16.46    32.08");
});
