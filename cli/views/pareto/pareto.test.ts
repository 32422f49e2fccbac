import { parseHTML } from "linkedom";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CONTROLS, HOSTILE } from "../../fixtures/hostile.js";
import { disposableFolder } from "../../store/fixtures/sample.js";
import { listRuns } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { storeOf } from "../compare/fixtures/stored.js";
import { tooWide } from "../fixtures/too-wide.js";
import { expectVegaLite } from "../fixtures/vega-lite.js";
import { svgToPng } from "../parts/png.js";
import { visible } from "../parts/visible.js";
import { marked, type ParetoData, type ParetoSet } from "./data.js";
import { frontSteps, xScale } from "./drawn.js";
import { loadPareto } from "./load.js";
import { placeNames } from "./names.js";
import { paretoSvg } from "./svg.js";
import { paretoTable } from "./table.js";
import { paretoText } from "./text.js";
import { paretoVega } from "./vega.js";

let temp: { folder: string; remove: () => void };
let store: Store;
beforeAll(() => {
  temp = disposableFolder();
  const seeds = (label: string, rank: number, scores: number[], loss: number) =>
    scores.map((score, at) => ({
      ...{ label: `${label} seed=${at + 1}`, seed: at + 1, method: { name: "lora", rank }, loss },
      scores: [score - 0.1, score] as [number, number],
    }));
  store = storeOf(temp.folder, [
    ...seeds("small", 2, [0.8, 0.82], 0.9),
    ...seeds("good", 8, [0.9, 0.9], 0.5),
    ...seeds("worse", 16, [0.7, 0.72], 0.6),
    // would dominate all others
    {
      label: "training",
      seed: 1,
      method: { name: "lora", rank: 64 },
      loss: 0.1,
      scores: [0.98, 0.99],
      unfinished: true,
    },
    { label: "planned", seed: 1, method: { name: "lora", rank: 32 } },
  ]);
});
afterAll(() => {
  store.close();
  temp.remove();
});

const load = (x: string, y: string): ParetoData =>
  loadPareto(store, { of: "sample", runs: listRuns(store).toReversed(), x, y });

test("a point is on the front unless another is as good in both and better in one", () => {
  const points = [
    { name: "a", x: 1, y: 1 },
    { name: "b", x: 2, y: 3 },
    { name: "same as b", x: 2, y: 3 },
    { name: "c", x: 3, y: 2 },
    { name: "d", x: 2, y: 2 },
  ];
  const front = (x: "higher" | "lower", y: "higher" | "lower") =>
    marked(points, { better: x }, { better: y }).flatMap(({ name, front }) => (front ? name : []));
  expect(front("lower", "higher")).toEqual(["a", "b", "same as b"]);
  expect(front("higher", "higher")).toEqual(["b", "same as b", "c"]);
  expect(front("lower", "lower")).toEqual(["a"]);
  expect(marked(points, { better: "lower" }, { better: "higher" }).map((point) => point.dominated_by)).toEqual([
    ...[null, null, null, "b", "b"],
  ]);
});

test("seeds are folded into means; rows without both measures, or a finished run, are named", () => {
  const [set] = load("loss", "accuracy").sets;
  expect(set).toMatchObject({ x: { better: "lower" }, y: { better: "higher" }, without: ["training", "planned"] });
  expect(set?.points.map(({ name, x, n, front }) => [name, x, n, front])).toEqual([
    ["good", 0.5, 2, true],
    ["worse", 0.6, 2, false],
    ["small", 0.9, 2, false],
  ]);
  expect(set?.points[1]).toMatchObject({ y: expect.closeTo(0.71, 12), dominated_by: "good" });
});

test("text: the front is marked, the others say by what they are dominated; it fits the width", () => {
  const text = paretoText(load("loss", "accuracy"), 80);
  expect(text.split("\n").slice(0, 9)).toEqual([
    "some-task: accuracy by loss on 1,000 rows",
    "",
    "   #  name     loss         accuracy  seeds  dominated by",
    "*  1  good   0.5000  0.9000 ± 0.0000      2",
    "   2  worse  0.6000  0.7100 ± 0.1271      2  good",
    "   3  small  0.9000  0.8100 ± 0.1271      2  good",
    "",
    "* front: no other row is as good in both and better in one (lower loss is",
    "  better, higher accuracy is better)",
  ]);
  expect(tooWide(text, 80)).toEqual([]);
});

const bytes = (name: string, x: number, y: number) => ({
  ...{ name, runs: [name], n: 1, x, y, y_low: null, y_high: null, dominated_by: null },
});
const memory = (points: ReturnType<typeof bytes>[]): ParetoSet => {
  const x = { key: "peak_memory", heading: "memory", better: "lower", unit: "bytes" } as const;
  const y = { key: "accuracy", heading: "accuracy", better: "higher", unit: null } as const;
  return { task: "t", score_name: "accuracy", eval_rows: 9, x, y, points: marked(points, x, y), without: [] };
};

test("drawings: steps, a logarithmic axis for values that lie far apart, zero at its left end", () => {
  const near = memory([bytes("a", 1, 0.5), bytes("b", 20, 0.7), bytes("c", 4, 0.4)]);
  expect(frontSteps(near)).toEqual([
    { x: 1, y: 0.5 },
    { x: 20, y: 0.5 },
    { x: 20, y: 0.7 },
  ]);
  expect(xScale(near)).toMatchObject({ log: false, note: null });
  const far = xScale(memory([bytes("none", 0, 0.4), bytes("a", 2 ** 20, 0.5), bytes("b", 2 ** 30, 0.7)]));
  expect(far).toMatchObject({ log: true, note: "memory is on a logarithmic axis; 0 is at its left end" });
  expect(far.ticks?.map(far.value)).toEqual([0, ...[0, 2, 4, 6, 8, 10].map((power) => 2 ** (20 + power))]);
  expect(far.at(0)).toBeLessThan(2 ** 20);
});

test("text: the drawing has each row's number, and its axes have units", () => {
  const text = paretoText({ of: "x", sets: [memory([bytes("a", 2 ** 20, 0.5), bytes("b", 2 ** 30, 0.7)])] }, 60);
  const drawn = text.slice(text.indexOf("numbers: #"));
  expect(drawn).toMatch(/[\u2800-\u28ff]1/);
  expect(drawn).toMatch(/2[\u2800-\u28ff]/);
  expect(drawn).toMatch(/ +1 MiB +1 GiB$/);
});

test("picture: no name covers another; names that are long or have no place are numbers with a list", () => {
  const area = { left: 0, right: 200, top: 0, bottom: 200 };
  const placed = placeNames(
    [0, 1, 2].map((at) => ({ x: 100 + at, y: 100 + at, text: `name ${at}` })),
    area,
  );
  const tops = placed?.map(({ x, y }) => [x, y]) ?? [];
  expect(tops).toHaveLength(3);
  for (const [i, [x = 0, y = 0]] of tops.entries()) {
    for (const [left = 0, line = 0] of tops.slice(0, i)) {
      expect(Math.abs(y - line) >= 12 || Math.abs(x - left) >= 6 * 6.2).toBe(true);
    }
  }
  const crowd = Array.from({ length: 30 }, () => ({ x: 100, y: 100, text: "name" }));
  expect(placeNames(crowd, area)).toBeNull();
  const long = "method=imlor2c merges=1 injections=";
  const svg = paretoSvg({ of: "x", sets: [memory([bytes(`${long}0`, 1, 0.5), bytes(`${long}1`, 1, 0.5)])] });
  expect(svg).toMatch(/text-anchor="start"[^>]*>1, 2<\/text>/);
  expect(svg).toContain(`1  ${long}0`);
  expect(svg).toContain(`2  ${long}1`);
});

test("a column of which neither more nor less is better is an error that says which are", () => {
  expect(() => load("learning_rate", "score")).toThrow("so there is no front");
  expect(() => load("params,seconds", "score")).toThrow("each take one column");
});

test("every other format, the same bytes each time, whatever a name contains", () => {
  const data = load("loss", "score");
  expect(paretoTable(data).rows).toHaveLength(3);
  const named: ParetoData = {
    ...data,
    sets: data.sets.map((set) => ({
      ...set,
      task: HOSTILE,
      points: set.points.map((point) => ({ ...point, name: point.name + HOSTILE })),
    })),
  };
  expectVegaLite(paretoVega(named));
  const svg = paretoSvg(named);
  expect(svg).not.toMatch(CONTROLS);
  expect(visible(paretoText(named, 80))).not.toMatch(CONTROLS);
  expect(paretoSvg(named)).toBe(svg);
  expect(parseHTML(svg).document.querySelectorAll("script")).toHaveLength(0);
  expect(svgToPng(svg).subarray(1, 4).toString()).toBe("PNG");
});
