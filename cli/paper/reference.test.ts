import { describe, expect, test } from "vitest";
import { shippedCatalog } from "../spec/catalog.js";
import { paperTables, TABLES } from "./reference.js";

const { tables } = paperTables();

describe.each(TABLES)("%s", (name) => {
  const { columns, rows, decimals } = tables[name];

  test("every row has a score in every column, and ids are unique", () => {
    for (const row of rows) expect(Object.keys(row.scores), row.id).toEqual(columns.map(({ task }) => task));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  test.each(rows.map((row) => [row.id, row] as const))("%s: the average is the mean of the scores", (_, row) => {
    const scores = Object.values(row.scores);
    const average = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    // The one row whose average differs has a note, which is wrong if the average no longer differs.
    if (row.average_of_cells !== undefined) {
      expect(average).toBeCloseTo(row.average_of_cells, 6);
      expect(Math.abs(average - row.average)).toBeGreaterThan(0.1);
    } else expect(Math.abs(average - row.average)).toBeLessThan(0.1);
  });

  test("scores have the digits that the paper prints", () => {
    const digits = rows.flatMap((row) => Object.values(row.scores)).map((score) => String(score).split(".")[1] ?? "");
    expect(Math.max(...digits.map((text) => text.length))).toBe(decimals);
  });
});

test("only IMLoR2C's average disagrees with its scores", () => {
  const odd = TABLES.flatMap((name) => tables[name].rows.filter((row) => row.average_of_cells !== undefined));
  expect(odd.map(({ id }) => id)).toEqual(["imlor2c"]);
});

test("the methods and parameters of the rows are in the catalog, and the metrics are scores of the tasks", () => {
  const { methods, tasks } = shippedCatalog();
  for (const { id, methods: stands } of TABLES.flatMap((name) => tables[name].rows)) {
    for (const { name, ...parameters } of stands) {
      const known = methods.find((method) => method.name === name);
      expect(known, id).toBeDefined();
      const names = known?.parameters.map((parameter) => parameter.name);
      for (const parameter of Object.keys(parameters)) expect(names, `${id}: ${parameter}`).toContain(parameter);
    }
  }
  for (const { task, metric } of tables.table1.columns) {
    expect(tasks.find((known) => known.name === task)?.scores, task).toContain(metric);
  }
});
