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
