/** Compares configs/tables/ with the reference, configs/glue/ and each other: several files have the same runs. */
import { readFileSync } from "node:fs";
import canonicalize from "canonicalize";
import { describe, expect, test } from "vitest";
import { identity } from "../plan/cell-id.js";
import type { Cell } from "../spec/cell.js";
import { loadSpec } from "../spec/load.js";
import { packageFile } from "../spec/package-files.js";
import { paperTables } from "./reference.js";
import { fitsRow, otherTraining } from "./runs-of-cell.js";

const { columns, rows } = paperTables().tables.table1;
const two = paperTables().tables.table2;
const cellsOf = (folder: string, name: string, ...sets: string[]): Cell[] =>
  loadSpec(packageFile("configs", folder, `${name}.yaml`), sets).cells;
const same = ({ settings }: Cell): string => canonicalize(identity(settings)) ?? "";

describe.each(columns.map((column) => [column.task, column] as const))("table1-%s.yaml", (task, column) => {
  const cells = cellsOf("tables", `table1-${task}`);

  test.each(rows.map((row) => [row.id, row] as const))("%s: three seeds of one setting", (_, row) => {
    const own = cells.filter((cell) => fitsRow(cell, row));
    expect(own.map((cell) => cell.settings.seed)).toEqual([17, 18, 19]);
    expect(new Set(own.map((cell) => same({ ...cell, settings: { ...cell.settings, seed: 0 } }))).size).toBe(1);
  });

  test("every run is in exactly one row, and has the paper's model, the task, its metric and all rows", () => {
    for (const { settings } of cells) {
      expect(rows.filter((row) => fitsRow({ settings }, row))).toHaveLength(1);
      expect([settings.model.name, settings.task.name, settings.train.score]).toEqual([
        "FacebookAI/roberta-base",
        task,
        column.metric,
      ]);
      expect([settings.data.train_rows, settings.data.eval_rows, settings.train.max_steps]).toEqual([null, null, null]);
    }
  });

  test("trains like the published script, except for the learning rate of full fine-tuning", () => {
    const odd = cells.filter((cell) => otherTraining(cell, column).length > 0);
    expect(new Set(odd.map((cell) => cell.settings.method.name))).toEqual(new Set(["full"]));
    for (const cell of odd)
      expect(otherTraining(cell, column)).toEqual([expect.stringMatching(/^learning_rate 0.00002 /)]);
  });

  test("has the runs of configs/glue/, so that they are not trained again", () => {
    const known = new Set(cells.map(same));
    for (const name of [task, `${task}-lora`, `${task}-sharelor2c`, `${task}-imlor2c`]) {
      for (const cell of cellsOf("glue", name)) expect(known, name).toContain(same(cell));
    }
  });

  test("accepts the --set of its first lines", () => {
    const head = readFileSync(packageFile("configs", "tables", `table1-${task}.yaml`), "utf8");
    const [, ...sets] = /^# +lor2c run \S+(?: --set (\S+))(?: --set (\S+))(?: --set (\S+))$/m.exec(head) ?? [];
    const small = cellsOf("tables", `table1-${task}`, ...sets);
    expect(small).toHaveLength(cells.length);
    for (const { settings } of small) {
      const { num_train_epochs: epochs } = settings.train;
      expect(settings.model.name).toBe("minilm");
      // One merge and one injection an epoch, and an epoch of training after the last.
      expect(epochs).toBeLessThan(10);
      for (const changes of ["merges", "injections"])
        expect(epochs).toBeGreaterThan(Number(settings.method[changes] ?? 0));
    }
  });
});

test("table1.yaml has the runs of the six files and no others", () => {
  const six = columns.flatMap(({ task }) => cellsOf("tables", `table1-${task}`).map(same));
  expect(new Set(cellsOf("tables", "table1").map(same))).toEqual(new Set(six));
  expect(new Set(six).size).toBe(180);
});

describe("table2.yaml", () => {
  const cells = cellsOf("tables", "table2");
  const fitting = (cell: Cell) => two.rows.filter((row) => fitsRow(cell, row)).map(({ id }) => id);

  test("has one run of every row of the reference, and below them three of other settings", () => {
    const placed = cells.map((cell) => [cell.label, fitting(cell)] as const);
    expect(placed.slice(0, two.rows.length).flatMap(([, ids]) => ids)).toEqual(two.rows.map(({ id }) => id));
    expect(placed.slice(two.rows.length)).toEqual([
      ["LoR2C r8", []],
      ["IMLoR2C r8", []],
      ["LoRA all-linear", []],
    ]);
  });

  test("trains the paper's model like the published script, except for the learning rate of full fine-tuning", () => {
    for (const cell of cells) {
      const { model, task, data, train, seed } = cell.settings;
      expect([model.name, task.name, data.train_rows, train.max_steps, seed]).toEqual([
        two.model,
        "alpaca",
        null,
        null,
        42,
      ]);
      const rate = cell.settings.method.name === "full" ? [expect.stringMatching(/^learning_rate 0.00002 /)] : [];
      for (const column of two.columns) expect(otherTraining(cell, column)).toEqual(rate);
    }
  });

  test("has the runs of configs/llama/, so that they are not trained again", () => {
    const known = new Set(cells.map(same));
    for (const name of ["alpaca", "alpaca-lora", "alpaca-qlora", "alpaca-imlor2c"]) {
      for (const cell of cellsOf("llama", name)) expect(known, name).toContain(same(cell));
    }
  });

  test("its evaluation is the table's", () => {
    const { evaluate } = loadSpec(packageFile("configs", "tables", "table2.yaml"));
    expect(evaluate).toMatchObject({
      protocol: two.protocol,
      benchmarks: two.columns.map(({ task }) => task),
      rows: null,
    });
  });
});

test.each([
  ["table2", { allow_code_execution: true }],
  ["table2-smollm2", { data: expect.stringMatching(/benchmarks$/) }],
])("%s.yaml accepts the options of its first lines", (name, evaluate) => {
  const file = packageFile("configs", "tables", `${name}.yaml`);
  const [, options = ""] = /^# +lor2c run \S+ (.+)$/m.exec(readFileSync(file, "utf8")) ?? [];
  expect(options).toMatch(/^--set \S+( --set \S+)*$/);
  expect(loadSpec(file, options.split(/ ?--set /).slice(1)).evaluate).toMatchObject(evaluate);
});

test("table2-smollm2.yaml has every row's method on the small decoder, and LoR2C over nf4", () => {
  const small = cellsOf("tables", "table2-smollm2");
  const methods = (all: readonly Cell[]) => all.map(({ settings }) => settings.method.name);
  const ofRows = cellsOf("tables", "table2").slice(0, two.rows.length);
  expect(methods(small)).toEqual([...methods(ofRows), "lor2c"]);
  for (const { settings } of small) {
    const { model, data, train } = settings;
    expect([model.name, data.train_rows, train.num_train_epochs, train.batch_size, train.warmup_steps]).toEqual([
      "smollm2-135m",
      2000,
      1,
      16,
      6,
    ]);
  }
  expect(small.at(-1)?.settings.model.quantization).toBe("nf4");
});
