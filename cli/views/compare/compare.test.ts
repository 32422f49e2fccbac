import stringWidth from "string-width";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { disposableFolder } from "../../store/fixtures/sample.js";
import { setBaseline } from "../../store/marks.js";
import { findRun, listRuns } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { storeOf, type Trained } from "./fixtures/stored.js";
import { type CompareRequest, loadCompare } from "./load.js";
import { compareText } from "./text.js";

let temp: { folder: string; remove: () => void };
let store: Store;
beforeEach(() => {
  temp = disposableFolder();
});
afterEach(() => {
  store.close();
  temp.remove();
});

const LORA = { name: "lora", rank: 8, dropout: 0 };
const SHARE = { name: "sharelor2c", rank: 8, dropout: 0, merges: 0 };
const seeds = (label: string, method: Trained["method"], scores: number[], more: Partial<Trained> = {}): Trained[] =>
  scores.map((score, at) => ({
    label: `${label} seed=${at + 1}`,
    seed: at + 1,
    ...(method && { method }),
    scores: [score - 0.1, score],
    ...more,
  }));

function compare(runs: readonly Trained[], request: Partial<CompareRequest> = {}) {
  store = storeOf(temp.folder, runs);
  return loadCompare(store, { of: "sample", runs: listRuns(store).toReversed(), ...request });
}

const names = ({ sets }: ReturnType<typeof compare>) => sets.map(({ rows }) => rows.map(({ name }) => name));

describe("seeds", () => {
  const runs = [...seeds("LoRA", LORA, [0.8, 0.82, 0.84]), ...seeds("Share", SHARE, [0.86, 0.85])];

  test("seconds and memory have a spread too; what every seed has alike has none", () => {
    const data = compare(runs);
    store.db.prepare("UPDATE attempts SET train_seconds = 50 + id").run();
    const again = loadCompare(store, { of: "", runs: listRuns(store), columns: "score, seconds, params" });
    expect(data.sets).toHaveLength(1);
    expect(compareText(again, 120)).toMatch(/LoRA +0\.8200 ± 0\.0497 +52\.0s ± 2\.5s +900 +3$/m);
  });

  test("are folded into mean, 95 % interval and n, best first", () => {
    const data = compare(runs);
    expect(names(data)).toEqual([["Share", "LoRA"]]);
    const over = data.sets[0]?.rows[1]?.cells[0]?.over;
    // R 4: t.test(c(0.8, 0.82, 0.84))$conf.int
    expect(over).toEqual({
      n: 3,
      mean: expect.closeTo(0.82, 12),
      sd: expect.closeTo(0.02, 12),
      low: expect.closeTo(0.7703172, 7),
      high: expect.closeTo(0.8696828, 7),
    });
    expect(data.sets[0]?.rows[1]?.runs.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    expect(compareText(data, 80)).toBe(
      [
        "some-task: accuracy on 1,000 rows",
        "",
        "name            accuracy  method      seeds",
        // with fewer seeds, its mean makes it first, but not the best
        "  Share  0.8550 ± 0.0635  sharelor2c      2",
        "* LoRA   0.8200 ± 0.0497  lora            3",
        "",
        "± is half of the 95 % interval of the mean over seeds; * is the best of the rows",
        "  with the most seeds",
        "",
        "best of 1, 1 with fewer seeds left out: LoRA 0.8200; corrected for the choice:",
        "  not known, the other cells have fewer seeds",
        "",
        "not tested: Share: it has no seed 3",
      ].join("\n"),
    );
  });

  test("or are rows of their own", () => {
    const data = compare(runs, { each: true });
    expect(data.sets[0]?.rows).toHaveLength(5);
    expect(data.columns.map(({ key }) => key)).toContain("seed");
    expect(data.sets[0]?.rows.map(({ runs: own }) => own.length)).toEqual([1, 1, 1, 1, 1]);
  });

  test("of different learning rates are different rows, although their labels are equal", () => {
    const other = seeds("LoRA", LORA, [0.7, 0.71], { learning_rate: 1e-4 });
    expect(names(compare([...runs, ...other]))).toEqual([
      ["Share", "LoRA learning_rate=0.002", "LoRA learning_rate=0.0001"],
    ]);
  });
});

test("a loss is best when it is smallest", () => {
  const data = compare(
    [
      ...seeds("high", LORA, [0.9], { loss: 0.7 }),
      ...seeds("low", SHARE, [0.8], { loss: 0.3 }),
      ...seeds("mid", { name: "full" }, [0.7], { loss: 0.5 }),
    ],
    {
      columns: "last:loss, score",
    },
  );
  expect(names(data)).toEqual([["low", "mid", "high"]]);
});

test("missing, null, false, 0 and empty are different, and look different", () => {
  const values = [undefined, null, false, 0, "", "0", "null"];
  const data = compare(
    values.map((option, at) => ({
      label: `run ${at}`,
      seed: 1,
      method: { name: "lora", ...(option !== undefined && { option }) } as Trained["method"],
      scores: [0.5, 0.5 - at / 100],
    })),
  );
  const at = data.columns.findIndex(({ key }) => key === "method.option");
  expect(data.sets[0]?.rows.map(({ cells }) => cells[at]?.values[0])).toEqual(values);
  const lines = compareText(data, null).split("\n").slice(3, 10);
  expect(lines.map((line) => line.split(/ {2,}/)[2])).toEqual(["-", "null", "false", "0", '""', '"0"', '"null"']);
});

describe("what is not comparable is said, not averaged", () => {
  test.each<[string, Partial<Trained>, string]>([
    ["another task", { task: "other" }, "task other"],
    ["other numerics", { fingerprint: { numerics: "2" } }, "numerics 2, not 3"],
    [
      "rows drawn with another seed",
      { split_seed: 4, fingerprint: { data: "cc" } },
      "rows drawn with data.split_seed 4, not 0",
    ],
    ["a file that changed", { fingerprint: { data: "cc" } }, "rows of other content"],
  ])("%s", (_, other, why) => {
    const data = compare([...seeds("LoRA", LORA, [0.8, 0.82]), ...seeds("odd", LORA, [0.9, 0.91], other)], {
      baseline: "LoRA",
    });
    expect(data.sets.map(({ apart }) => apart)).toEqual([null, why]);
    expect(data.sets[1]?.rows[0]?.cells[0]?.delta).toBeNull();
    expect(compareText(data, 80)).toContain(`  odd: ${why}`);
  });

  test("fewer training rows are a choice, and comparable", () => {
    const fewer = seeds("few", LORA, [0.7, 0.72], { train_rows: 100, fingerprint: { data: "cc" } });
    const data = compare([...seeds("LoRA", LORA, [0.8, 0.82]), ...fewer]);
    expect(names(data)).toEqual([["LoRA", "few"]]);
    expect(data.columns.map(({ key }) => key)).toEqual(["score", "data.train_rows"]);
  });
});

test("runs that are not finished count in no mean, and the states say so", () => {
  const data = compare([
    ...seeds("LoRA", LORA, [0.8]),
    { label: "LoRA seed=2", seed: 2, method: LORA, scores: [0.99, 0.98], unfinished: true },
    { label: "LoRA seed=3", seed: 3, method: LORA },
    ...seeds("Share", SHARE, [0.7, 0.72]),
  ]);
  const [lora] = data.sets[0]?.rows ?? [];
  expect(lora?.cells[0]).toMatchObject({ values: [0.8, 0.99, null], over: { n: 1, mean: 0.8, low: null } });
  const text = compareText(data, 80);
  expect(text).toMatch(/^ {2}LoRA +0\.8000 +lora +1 of 3 +1 finished, 2 running$/m);
  expect(text).not.toContain("~ before");
});

test("the number of a run that has not finished is marked as ls marks it, wherever it can still change", () => {
  const data = compare(
    [
      ...seeds("Share", SHARE, [0.7, 0.72]),
      { label: "LoRA seed=1", seed: 1, method: LORA, scores: [0.9, 0.98], unfinished: true },
    ],
    { each: true, columns: "score, last:loss, accuracy@1, params, first:accuracy" },
  );
  expect(data.sets[0]?.rows.map(({ cells }) => cells.map(({ so_far }) => so_far))).toEqual([
    [true, true, false, false, false],
    [false, false, false, false, false],
    [false, false, false, false, false],
  ]);
  const text = compareText(data, null);
  expect(text).toMatch(/LoRA seed=1 +~0\.9800 +~0\.5000 +0\.9000 .* running/);
  expect(text).toContain("~ before a number: not final, the run has not finished");
});

test("values that are not finite spoil no mean", () => {
  const data = compare(
    [
      ...seeds("LoRA", LORA, [0.8, 0.82]),
      { label: "LoRA seed=3", seed: 3, method: LORA, scores: [0.81, null] },
      ...seeds("Share", SHARE, [0.7]),
    ],
    { columns: "score, last:loss, max:accuracy" },
  );
  const [lora] = data.sets[0]?.rows ?? [];
  expect(lora?.cells.map(({ values, over }) => [values, over?.n])).toEqual([
    [[0.8, 0.82, 0.81], 3],
    [[0.5, 0.5, null], 2],
    [[0.8, 0.82, 0.81], 3],
  ]);
});

describe("a baseline", () => {
  const runs = [
    ...seeds("LoRA", LORA, [0.8, 0.82]),
    ...seeds("Share", SHARE, [0.85, 0.85]),
    ...seeds("full", { name: "full" }, [0.8, 0.82]),
  ];

  test.each([["LoRA"], ["0001"], ["0000000000000000"]])("%s: changes are to its row", (baseline) => {
    const data = compare(runs, { baseline });
    expect(data.sets[0]?.rows.map(({ name, cells }) => [name, cells[0]?.delta])).toEqual([
      ["Share", expect.closeTo(0.04, 12)],
      ["LoRA", 0],
      ["full", 0],
    ]);
    const text = compareText(data, 80);
    expect(text).toMatch(/^\* Share .* \+0\.0400 /m);
    expect(text).toMatch(/^~ LoRA .* baseline /m);
    expect(text).toMatch(/^~ full .* {2}0 {2}/m);
  });

  test("that is stored is taken where none is named", () => {
    compare(runs).sets[0]?.baseline;
    setBaseline(store, findRun(store, "0002"));
    const data = loadCompare(store, { of: "", runs: listRuns(store) });
    expect(data.sets[0]?.baseline).toBe("Share");
  });

  test("that is none is an error that names the rows", () => {
    expect(() => compare(runs, { baseline: "lora" })).toThrow(/no row and no run lora/);
  });
});

describe("two runs", () => {
  const two: Trained[] = [
    { label: "LoRA", seed: 1, method: LORA, scores: [0.7, 0.8], loss: 0.5 },
    { label: "Share", seed: 1, method: SHARE, scores: [0.75, 0.7], loss: 0.4, learning_rate: 1e-3 },
  ];

  test("what changed comes first, then their values with differences", () => {
    expect(compareText(compare(two), 80)).toBe(`A  00000000  LoRA
B  00010001  Share

what changed         A          B
method.name          lora       sharelor2c
method.merges        (not set)  0
train.learning_rate  0.002      0.001

some-task: accuracy on 1,000 rows

value               A         B    B - A
state        finished  finished
accuracy       0.8000    0.7500  -0.0500
loss           0.5000    0.4000  -0.1000
best_epoch          2         1       -1
last_score     0.8000    0.7000  -0.1000
params            900       900        0
seconds         50.0s     50.0s        0
peak_memory   977 KiB   977 KiB        0
not known of either: cpu_seconds, energy`);
  });

  test("have the same difference whichever of them is the baseline", () => {
    expect(compareText(compare(two, { baseline: "Share" }), 80)).toMatch(/^accuracy +0\.8000 +0\.7500 +-0\.0500$/m);
  });

  test("on other rows have no difference", () => {
    const [a, b] = two as [Trained, Trained];
    const text = compareText(compare([a, { ...b, task: "other" }]), 80);
    expect(text).toContain("task.name            some-task  other");
    expect(text).toMatch(/^accuracy +0\.8000 +0\.7500 +-$/m);
    expect(text).toContain("Share: task other");
  });

  test("and environment, packages and contents", () => {
    const [a] = two as [Trained];
    const data = compare([a, { ...a, seed: 2, fingerprint: { weights: "ab".repeat(32) } }]);
    store.db.exec(`INSERT INTO environments SELECT 9, 'x', worker_version, protocol, '3.12', platform, device, device_description,
                   device_memory, device_bf16, 'beef', 1, first_seen_at, NULL FROM environments;
                   INSERT INTO environment_packages VALUES (9, 'torch', '2.14.0'), (9, 'a.b', '1');
                   INSERT INTO environment_computing SELECT 9, name, value FROM environment_computing;
                   UPDATE attempts SET environment = 9 WHERE run = '0001000100010001'`);
    const again = loadCompare(store, { of: "", runs: listRuns(store).toReversed() });
    expect(data.changed?.changes.map(({ of }) => of)).toEqual(["setting", "content"]);
    expect(again.changed?.changes).toEqual([
      { of: "setting", key: "seed", from: 1, to: 2 },
      { of: "content", key: "weights", from: "aa", to: "ab".repeat(32) },
      { of: "environment", key: "python", from: "3.11.9", to: "3.12" },
      { of: "environment", key: "git_commit", from: null, to: "beef" },
      { of: "environment", key: "git_dirty", from: null, to: true },
      { of: "package", key: "numpy", from: "2.3.0" },
      { of: "package", key: "torch", from: "2.13.0", to: "2.14.0" },
      { of: "package", key: "a.b", to: "1" },
    ]);
    expect(compareText(again, 80)).toMatch(/content: weights +aa +abababababab…/);
  });
});

test.each([40, 60, 80, 120])("no line is wider than %d columns", (width) => {
  const long = "a long name \u001b[31m of what varies here, 表格".repeat(2);
  const data = compare(
    [
      ...seeds(`${long} x`, { ...LORA, target_modules: ["query", "key", "value"] } as Trained["method"], [0.8, 0.82], {
        learning_rate: 1 / 3,
      }),
      ...seeds(`${long} y`, SHARE, [0.7, 0.72]),
    ],
    {
      columns: "score, last:loss, params, seconds, peak_memory, method.target_modules, train.learning_rate as lr",
      baseline: "0000",
    },
  );
  const lines = compareText(data, width).split("\n");
  expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
  expect(lines.join("")).not.toContain("\u001b");
  const asked = compareText(data, width, { asked: true });
  expect(asked.split("\n").filter((line) => stringWidth(line) > width)).toEqual([]);
  expect(asked).not.toContain("--columns chooses"); // the table of tests may still leave out its own
  expect(asked).toMatch(/\blr\b/);
});

test("what varies within a method stands before what each method has one value of", () => {
  const swept = [0, 1, 2].map((injections) => ({ ...SHARE, dropout: 0.1, injections }) as Trained["method"]);
  const data = compare([...seeds("LoRA", LORA, [0.8]), ...swept.flatMap((one, at) => seeds(`s${at}`, one, [0.7]))]);
  expect(data.columns.map(({ key }) => key)).toEqual(["score", "method.name", "method.injections", "method.dropout"]);
});
