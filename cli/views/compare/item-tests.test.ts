import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Items } from "../../stats/items.js";
import { disposableFolder } from "../../store/fixtures/sample.js";
import { listRuns } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { chosenLines } from "./chosen-text.js";
import type { CompareSet } from "./data.js";
import { storeOf, type Trained } from "./fixtures/stored.js";
import { withItems } from "./item-tests.js";
import { itemLines } from "./item-text.js";
import { loadCompare } from "./load.js";

let temp: { folder: string; remove: () => void };
let store: Store | undefined;
beforeEach(() => {
  temp = disposableFolder();
});
afterEach(() => {
  store?.close();
  temp.remove();
});

const ROWS = 200;
/** Right in the first rows, as many as the score says. */
const items = (score: number): Items => ({
  rows: ROWS,
  score: (sample) => Array.from(sample).filter((row) => row < score * ROWS).length / sample.length,
});

const runs = (name: string, scores: number[]): Trained[] =>
  scores.map((score, at) => ({
    ...{ label: `${name} seed=${at + 1}`, seed: at + 1, method: { name, rank: 8 } },
    scores: [score - 0.1, score],
  }));

function setOf(all: readonly Trained[]): CompareSet {
  store = storeOf(temp.folder, all);
  const chosen = listRuns(store).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return loadCompare(store, { of: "", runs: chosen }).sets[0] as CompareSet;
}

const four = (value: number) => value.toFixed(4);

describe("over the evaluation rows", () => {
  const all = [...runs("lora", [0.7, 0.72]), ...runs("full", [0.8, 0.82]), ...runs("none", [0.5, 0.5])];
  const scores = new Map(all.map(({ scores: own }, at) => [at.toString(16).padStart(4, "0").repeat(4), own?.[1] ?? 0]));

  test("a row is the mean of its seeds, and differences are the row minus the best", () => {
    const set = withItems(setOf(all), (run) => items(scores.get(run) ?? 0));
    const [lora, none] = ["lora", "none"].map((name) => set.tests?.rows.find((row) => row.name === name)?.items);
    expect(set.tests?.against).toBe("full");
    expect(lora?.difference).toBeCloseTo(-0.1, 12);
    expect(none?.difference).toBeCloseTo(-0.31, 12);
    // of 200 rows 20 differ, all one way
    expect(lora?.low).toBeGreaterThan(-0.16);
    expect(lora?.high).toBeLessThan(-0.04);
    expect(lora?.p).toBeLessThan(0.001);
    const lines = set.tests ? itemLines(set.tests, four, 80) : [];
    expect(lines.join("\n")).toMatch(/^lora +-0\.1000 +-0\.1\d+ to -0\.0\d+ +< 0\.001$/m);
  });

  test("a run without predictions leaves its row out, and the text says which", () => {
    const gone = "0000000000000000";
    const set = withItems(setOf(all), (run) => (run === gone ? "run 00000000 has none" : items(scores.get(run) ?? 0)));
    expect(set.tests?.rows.map(({ name, items: found }) => [name, found === null])).toEqual([
      ["lora", true],
      ["none", false],
    ]);
    const lines = set.tests ? itemLines(set.tests, four, 80) : [];
    expect(lines.at(-1)).toBe("not tested over the evaluation rows: run 00000000 has none");
  });

  test("without predictions of the best there is none; of very many runs neither", () => {
    const none = withItems(setOf(all), () => "run x has none");
    expect(none.tests).toMatchObject({ no_items: "run x has none", rows: [{ items: null }, { items: null }] });
    store?.close();
    temp.remove();
    temp = disposableFolder();
    const many = withItems(setOf([0, 1, 2, 3].flatMap((at) => runs(`m${at}`, Array(16).fill(0.5)))), () => items(0.5));
    expect(many.tests?.no_items).toMatch(/^64 runs are too many/);
  });
});

describe("best of several", () => {
  test("its score when the other seeds choose stands beside it", () => {
    const set = setOf([...runs("a", [0.9, 0.7]), ...runs("b", [0.78, 0.8]), ...runs("c", [0.5, 0.5])]);
    // without seed 1 b is the best, with 0.78 on it; without seed 2 a is, with 0.7 on it
    expect(set.chosen).toMatchObject({ name: "a", of: 3, left_out: 0, by: "leave-one-seed-out" });
    expect(set.chosen?.honest).toBeCloseTo(0.74, 12);
    expect(set.chosen?.optimism).toBeCloseTo(0.06, 12);
    expect(chosenLines(set, four)).toEqual([
      "best of 3: a 0.8000; corrected for the choice: 0.7400 (chosen by the other seeds, scored on the one left out)",
    ]);
  });

  test("of one seed it is not known without predictions", () => {
    const set = setOf([...runs("a", [0.9]), ...runs("b", [0.8]), ...runs("c", [0.7])]);
    expect(chosenLines(set, four)).toEqual([
      "best of 3: a 0.9000; corrected for the choice: not known, one seed and no holdout part",
    ]);
  });

  test("nothing is chosen from one row", () => {
    const set = setOf(runs("a", [0.9, 0.8, 0.85]));
    expect(chosenLines(set, four)).toEqual([]);
    expect(set.tests).toBeNull();
  });
});
