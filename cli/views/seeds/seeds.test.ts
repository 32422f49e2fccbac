import { parseHTML } from "linkedom";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CONTROLS, HOSTILE } from "../../fixtures/hostile.js";
import { disposableFolder } from "../../store/fixtures/sample.js";
import { listRuns } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { storeOf, type Trained } from "../compare/fixtures/stored.js";
import { tooWide } from "../fixtures/too-wide.js";
import { expectVegaLite } from "../fixtures/vega-lite.js";
import { svgToPng } from "../parts/png.js";
import { visible } from "../parts/visible.js";
import type { SeedCurves } from "./data.js";
import { loadSeedCurves } from "./load.js";
import { seedsSvg } from "./svg.js";
import { seedsTable } from "./table.js";
import { seedsText } from "./text.js";
import { seedsVega } from "./vega.js";

let temp: { folder: string; remove: () => void };
let store: Store;
beforeAll(() => {
  temp = disposableFolder();
  const run = (label: string, seed: number, scores: Trained["scores"], more: Partial<Trained> = {}): Trained => ({
    ...{ label: `${label} seed=${seed}`, seed, method: { name: label, rank: 8 } },
    ...(scores && { scores }),
    ...more,
  });
  store = storeOf(temp.folder, [
    run("lora", 1, [0.7, 0.8]),
    run("lora", 2, [0.6, 0.9]),
    run("lora", 3, [0.5, null], { unfinished: true }),
    run("share", 1, [0.75, 0.7]),
    run("planned", 1, undefined),
  ]);
});
afterAll(() => {
  store.close();
  temp.remove();
});

const load = (metric?: string): SeedCurves => loadSeedCurves(store, { of: "sample", runs: listRuns(store), metric });

test("a curve for each row, with the mean, the lowest and the highest of its seeds; best first", () => {
  const [panel] = load().panels;
  expect(panel).toMatchObject({ task: "some-task", split: "eval", metric: "accuracy", majority: 0.5 });
  expect(panel?.curves.map(({ name, points }) => [name, points])).toEqual([
    [
      "lora",
      [
        { step: 94, epoch: 1, n: 3, mean: expect.closeTo(0.6, 12), low: 0.5, high: 0.7 },
        { step: 188, epoch: 2, n: 2, mean: expect.closeTo(0.85, 12), low: 0.8, high: 0.9 },
      ],
    ],
    ["share", [expect.objectContaining({ n: 1, mean: 0.75 }), expect.objectContaining({ mean: 0.7 })]],
  ]);
});

test("another metric; one that no run has is an error that names those it has", () => {
  expect(load("loss").panels[0]?.curves[0]?.points[0]?.mean).toBe(0.5);
  expect(() => load("f2")).toThrow(
    expect.objectContaining({ code: "METRIC_UNKNOWN", hint: "they have: accuracy, loss, train/loss" }),
  );
});

test("text: a line for each row and its last values, in the width", () => {
  const text = seedsText(load(), 80);
  expect(text).toMatch(/^some-task: accuracy on 1,000 rows \(majority class 0\.5\) by epoch\n +0\.85 ┤/);
  expect(text).toContain(
    "\n  1  lora, 3 seeds: last 0.85 of 2 seeds (0.8 to 0.9)\n  2  share: last 0.7\na line is the mean over seeds",
  );
  expect(tooWide(text, 80)).toEqual([]);
  const narrow = seedsText(load(), 38);
  expect(narrow).toContain("\n  1  lora, 3 seeds:\n     last 0.85 of 2 seeds (0.8 to 0.9)\n  2  share: last 0.7\n");
  expect(tooWide(narrow, 38)).toEqual([]);
});

test("every other format, the same bytes each time, whatever a name contains", () => {
  const data = load();
  expect(seedsTable(data).rows.map((row) => row.slice(3, 7))).toEqual([
    ...[
      ["lora", 94, 1, 3],
      ["lora", 188, 2, 2],
      ["share", 94, 1, 1],
      ["share", 188, 2, 1],
    ],
  ]);
  const named: SeedCurves = {
    ...data,
    panels: data.panels.map((panel) => ({
      ...panel,
      task: HOSTILE,
      metric: HOSTILE,
      curves: panel.curves.map((curve) => ({ ...curve, name: curve.name + HOSTILE })),
    })),
  };
  expectVegaLite(seedsVega(named));
  const svg = seedsSvg(named);
  expect(svg).not.toMatch(CONTROLS);
  expect(visible(seedsText(named, 80))).not.toMatch(CONTROLS);
  expect(seedsSvg(named)).toBe(svg);
  const { document } = parseHTML(svg);
  expect(document.querySelectorAll("script")).toHaveLength(0);
  expect(document.querySelectorAll('[aria-label="line"] path')).toHaveLength(2);
  expect(document.querySelectorAll('[aria-label="area"] path')).toHaveLength(1);
  expect(svgToPng(svg).subarray(1, 4).toString()).toBe("PNG");
});

test("the measure stands along its axis, turned, as in the other pictures", () => {
  const { document } = parseHTML(seedsSvg(load()));
  const label = [...document.querySelectorAll("text")].find(({ textContent }) => textContent === "accuracy");
  expect(label?.closest("[aria-label='y-axis label']")?.outerHTML).toContain("rotate(-90)");
});
