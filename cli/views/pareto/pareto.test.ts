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
import { marked, type ParetoData } from "./data.js";
import { loadPareto } from "./load.js";
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
    "some-task: accuracy on 1,000 rows: accuracy by loss",
    "",
    "   name     loss         accuracy  seeds  dominated by",
    "*  good   0.5000  0.9000 ± 0.0000      2",
    "   worse  0.6000  0.7100 ± 0.1271      2  good",
    "   small  0.9000  0.8100 ± 0.1271      2  good",
    "",
    "* front: no other row is as good in both and better in one (lower loss is",
    "  better, higher accuracy is better)",
  ]);
  expect(tooWide(text, 80)).toEqual([]);
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
