import { describe, expect, test } from "vitest";
import { load, minimal } from "../spec/fixtures/specs.js";
import { planText } from "../views/plan-text.js";
import type { PlannedCell } from "./cell.js";
import { DEVICE, inspectedAs, plannedFrom } from "./fixtures/planned.js";
import { forecastJob } from "./forecast/forecast.js";
import { planCells, reasonsOf, reasonText } from "./plan.js";

const cells = load(minimal("sweep: {grid: {seed: 1..5}}")).cells;

describe("planCells", () => {
  test("gives every cell its id", () => {
    const plan = planCells(
      cells,
      cells.map(() => inspectedAs()),
    );
    expect(plan.cells.map((cell) => cell.id)).toEqual(plannedFrom(cells).map((cell) => cell.id));
    expect(new Set(plan.cells.map((cell) => cell.id)).size).toBe(5);
    expect(plan.notes).toEqual([]);
  });
  test("keeps one of two cells that are the same run, with both places", () => {
    const twins = load(minimal("sweep: {grid: {model: [/a/x, /b/x]}}")).cells;
    const plan = planCells(twins, [inspectedAs(), inspectedAs()]);
    expect(plan.cells).toMatchObject([
      { label: "model=a/x", also: [{ position: 1, label: "model=b/x", axes: { "model.name": "b/x" } }] },
    ]);
    expect(plan.notes).toEqual([
      "1 of 2 combinations is the same run as another one, by settings and contents: model=a/x and model=b/x",
    ]);
    const apart = planCells(twins, [inspectedAs(), inspectedAs({ fingerprint: { model: "other" } })]);
    expect(apart.cells.map(({ label, also }) => [label, also])).toEqual([
      ["model=a/x", []],
      ["model=b/x", []],
    ]);
  });
  test("reports every problem once, with the cells it concerns", () => {
    const same = cells.map((_, i) =>
      inspectedAs({ fingerprint: null, problems: i === 0 ? ["no rows", "too long"] : ["no rows"] }),
    );
    expect(() => planCells(cells, same)).toThrow("no rows (all 5 runs)\ntoo long (seed=1)");
    try {
      planCells(cells, same);
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 2, code: "CELL_CANNOT_RUN" });
    }
  });
  test("cells that cannot run are returned apart if another can run", () => {
    const most = cells.map((_, i) => inspectedAs(i === 0 ? {} : { fingerprint: null, problems: ["no model"] }));
    const { cells: planned, invalid } = planCells(cells, most);
    expect(planned.map(({ label }) => label)).toEqual(["seed=1"]);
    expect(invalid.map(({ label, problems }) => [label, problems])).toEqual(
      [2, 3, 4, 5].map((seed) => [`seed=${seed}`, ["no model"]]),
    );
    expect(reasonsOf(invalid)).toEqual([{ reason: "no model", labels: ["seed=2", "seed=3", "seed=4", "seed=5"] }]);
    expect(reasonsOf(invalid).map((reason) => reasonText(reason, 5))).toEqual([
      "no model (seed=2, seed=3, seed=4 and 1 more)",
    ]);
  });
  test("reasons that differ in their numbers are listed once", () => {
    const { invalid } = planCells(
      cells,
      cells.map((_, i) =>
        i === 0 ? inspectedAs() : inspectedAs({ fingerprint: null, problems: [`${i} of 9 do not fit`] }),
      ),
    );
    expect(reasonsOf(invalid).map((reason) => reasonText(reason, 5))).toEqual([
      "1 of 9 do not fit (seed=2, and the like in 3 more)",
    ]);
    expect(invalid.map(({ problems }) => problems)).toEqual([1, 2, 3, 4].map((i) => [`${i} of 9 do not fit`]));
  });
  test("an answer that is too short is a defect of lor2c", () => {
    expect(() => planCells(cells, [inspectedAs()])).toThrow("inspected 1 of 5");
  });
});

/** What is left of a plan, for a worker for each of these bundles. */
function foreseen(bundles: PlannedCell[][]) {
  const shares = bundles.map((cells) => ({ cells, key: "", cost: 1 }));
  const slots = Math.max(1, bundles.length);
  return { todo: bundles.flat(), shares, forecast: forecastJob(shares, { slots, device: DEVICE, stored: [] }) };
}

describe("planText", () => {
  const planned = plannedFrom(
    load("model: tiny\ntask: toy\nsweep: {variants: [{method: plain}, {method: moving}]}").cells,
  );
  const bundles = planned.map((cell) => [cell]);
  const view = {
    file: "a.yaml",
    name: "a",
    extends: null,
    cells: planned,
    invalid: [],
    bundles,
    states: new Map(),
    notes: [],
    foresight: foreseen([]),
    warnings: [],
    evaluation: null,
  };

  test("a small plan", () => {
    expect(planText(view, null)).toMatchInlineSnapshot(`
      "a  (a.yaml)

      id        label          method  trainable     head        total           rows  steps  state
      a493324e  method=plain   plain     147,456  592,130  124,647,170  3,000 / 1,000     94  to run
      54c6ce23  method=moving  moving    147,456  592,130  124,647,170  3,000 / 1,000     94  to run

      labels: 2 (negative, positive)

      2 runs in 2 bundles: 0 finished, 2 to run
      "
    `);
  });
  test("lanes that a bundle begins with", () => {
    const each = planned.map((cell, i) => ({
      ...cell,
      inspected: inspectedAs({ events: [{ epoch: 0, key: `${i}`, probable: true }] }),
    }));
    expect(planText({ ...view, cells: each, bundles: [each] }, null)).toContain(
      "2 runs in 1 bundle, with 2 lanes from the first step on: 0 finished, 2 to run",
    );
  });
  test.each([60, 80])("a table that is wider than %i columns leaves columns out and says so", (width) => {
    const cells = planned.map((cell) => ({ ...cell, label: `${cell.label} and a rather long rest, seed=1` }));
    const lines = planText({ ...view, cells, notes: ["many words ".repeat(20)] }, width).split("\n");
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    expect(lines.join("\n")).toMatch(/^a493324e {2}m…=plain.*….* to run$/m);
    expect(lines).toContain("every label: seed=1");
    expect(lines.join("\n")).toMatch(/^left out: .*total.* \(a wider terminal or\s+--json shows them\)$/m);
  });
  test("states, what it extends, notes and warnings", () => {
    const [first, second] = planned;
    if (!first || !second) throw new Error("two cells were expected");
    const warned = [
      { ...first, inspected: inspectedAs({ warnings: ["slow", "rows are few"] }) },
      { ...second, inspected: inspectedAs({ warnings: ["rows are few"], trainable_parameters: null }) },
    ];
    const states = new Map([
      [first.id, "finished"],
      [second.id, "running"],
    ]);
    expect(
      planText({ ...view, cells: warned, states, extends: "b.yaml", notes: ["two are one"] }, null),
    ).toMatchInlineSnapshot(`
      "a  (a.yaml, extends b.yaml)

      id        label          method  trainable     head        total           rows  steps  state
      a493324e  method=plain   plain     147,456  592,130  124,647,170  3,000 / 1,000     94  finished
      54c6ce23  method=moving  moving          -  592,130  124,647,170  3,000 / 1,000     94  running

      labels: 2 (negative, positive)
      note: two are one
      warning: slow (method=plain)
      warning: rows are few

      2 runs in 2 bundles: 1 finished, 1 running, 0 to run
      "
    `);
  });
  test("invalid cells are rows, with their reason below", () => {
    const [first, second] = planned;
    if (!first || !second) throw new Error("two cells were expected");
    const text = planText(
      { ...view, cells: [first], bundles: [[first]], invalid: [{ ...second, problems: ["too few rows"] }] },
      null,
    );
    expect(text).toMatch(/^- +method=moving +moving +- +- +- +- +- +invalid$/m);
    expect(text).toMatch(
      /\ninvalid: too few rows \(method=moving\)\n\n1 run in 1 bundle: 0 finished, 1 to run; 1 invalid\n$/,
    );
  });
  test("the text says what runs share, and how much more is probable", () => {
    const sharing = (probable: boolean, workers = 1) => {
      const together = planned.map((cell, i) => {
        const events = i === 0 ? [] : [{ epoch: 2, key: "merge", probable }];
        return { ...cell, inspected: inspectedAs({ events, total_steps: 94 * 3 }) };
      });
      return planText(
        {
          ...view,
          cells: together,
          bundles: [together],
          foresight: foreseen(workers === 1 ? [together] : together.map((cell) => [cell])),
        },
        null,
      )
        .trimEnd()
        .split("\n")
        .filter((line) => /^\d+ (runs?|epochs?) /.test(line));
    };
    expect(sharing(true)).toEqual([
      "2 runs in 1 bundle: 0 finished, 2 to run",
      "4 epochs instead of 6, with 1 worker: runs of a bundle train as one until they part",
    ]);
    expect(sharing(false)[1]).toBe(
      "4 epochs at most, probably about 3, instead of 6, with 1 worker: runs of a bundle train as one until they part",
    );
    expect(sharing(true, 2)).toEqual(["2 runs in 1 bundle: 0 finished, 2 to run"]); // each worker trains one from the start
  });
  test("a long plan is cut, and says so", () => {
    const many = plannedFrom(load(minimal("sweep: {grid: {seed: 1..1234}}")).cells);
    const text = planText({ ...view, cells: many, bundles: many.map((c) => [c]) }, null);
    expect(text.split("\n").length).toBeLessThan(75);
    expect(text).toContain("... and 1174 more; --json prints all");
    expect(text).toContain("1,234 runs in 1,234 bundles: 0 finished, 1,234 to run");
  });
});
