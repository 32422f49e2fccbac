import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Settings } from "../spec/cell.js";
import { load, minimal } from "../spec/fixtures/specs.js";
import { cellId } from "./cell-id.js";

const golden = JSON.parse(readFileSync(new URL("./fixtures/cell-ids.json", import.meta.url), "utf8")) as {
  id: string;
  settings: Settings;
  fingerprint: Record<string, string>;
}[];

const fingerprint = { model: "a1", tokenizer: "b2", data: "c3", precision: "fp32", numerics: "2" };
const settings = load(minimal("data: {path: rows.tsv}")).cells[0]?.settings as Settings;
const id = cellId(settings, fingerprint);
const changed = (change: (copy: Settings) => void) => {
  const copy = structuredClone(settings);
  change(copy);
  return cellId(copy, fingerprint);
};

test("ids do not change: a change here orphans every stored run", () => {
  expect(golden).toHaveLength(3);
  for (const one of golden) expect(cellId(one.settings, one.fingerprint)).toBe(one.id);
});

test("an id has 16 hexadecimal digits, whatever the order of keys", () => {
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  const backwards = (value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([key, inner]) => [key, backwards(inner)]),
        )
      : value;
  expect(cellId(backwards(settings) as Settings, backwards(fingerprint) as Record<string, string>)).toBe(id);
});

describe("out", () => {
  test("logging, checkpoints and paths", () => {
    expect(changed((s) => (s.train.logging_steps = 99))).toBe(id);
    expect(changed((s) => (s.train.checkpoint_minutes = 0.5))).toBe(id);
    expect(changed((s) => (s.data.path = "/elsewhere/rows.tsv"))).toBe(id);
    expect(changed((s) => (s.data.path = null))).toBe(id);
    expect(changed((s) => (s.train.start_from = "/runs/one/adapter"))).toBe(id); // its content is in the fingerprint
    const here = changed((s) => (s.model.name = "/home/a/model"));
    expect(changed((s) => (s.model.name = "/mnt/b/model"))).toBe(here);
    expect(here).not.toBe(id);
  });
});

test("a run without a holdout has the id from before that key; with a holdout, each size is another run", () => {
  const before = structuredClone(settings) as { train: Partial<Settings["train"]> };
  delete before.train.holdout;
  delete before.train.report_epoch;
  expect(cellId(before as Settings, fingerprint)).toBe(id);
  expect(settings.train.holdout).toBeNull();
  const ids = [0.1, 0.2, 400].map((holdout) => changed((s) => (s.train.holdout = holdout)));
  expect(new Set([id, ...ids]).size).toBe(4);
  expect(changed((s) => (s.train.report_epoch = 2))).toBe(id);
});

test("warm-up steps: without them the id from before that key, with them the ratio is no part of it", () => {
  const before = structuredClone(settings) as { train: Partial<Settings["train"]> };
  delete before.train.warmup_steps;
  expect(cellId(before as Settings, fingerprint)).toBe(id);
  expect(settings.train.warmup_steps).toBeNull();
  const of = (steps: number, ratio: number) =>
    changed((s) => Object.assign(s.train, { warmup_steps: steps, warmup_ratio: ratio }));
  expect(of(100, 0.06)).toBe(of(100, 0.5));
  expect(new Set([id, of(0, 0.06), of(6, 0.06), of(100, 0.06)]).size).toBe(4);
});

test("a run that ends at its first step that is not finite has the id from before that key; others do not", () => {
  const before = structuredClone(settings) as { train: Partial<Settings["train"]> };
  delete before.train.stop_after_nonfinite;
  expect(cellId(before as Settings, fingerprint)).toBe(id);
  expect(settings.train.stop_after_nonfinite).toBe(1);
  const ids = [2, null].map((steps) => changed((s) => (s.train.stop_after_nonfinite = steps)));
  expect(new Set([id, ...ids]).size).toBe(3);
});

describe("in", () => {
  const numbers = Object.entries(settings.train).filter(
    ([key, value]) => typeof value === "number" && key !== "logging_steps" && key !== "checkpoint_minutes",
  );
  test.each(numbers)("train.%s", (key, value) => {
    expect(changed((s) => Object.assign(s.train, { [key]: (value as number) + 1 }))).not.toBe(id);
  });
  const others: [string, (s: Settings) => void][] = [
    ["seed", (s) => (s.seed = 18)],
    ["task", (s) => (s.task.name = "grade")],
    ["labels", (s) => (s.task.labels = ["a", "b"])],
    ["metrics", (s) => (s.task.metrics = ["f1"])],
    ["configuration", (s) => (s.data.config = "other")],
    ["train split", (s) => (s.data.train_split = "train2")],
    ["dev split", (s) => (s.data.dev_split = "test")],
    ["dev rows", (s) => (s.data.dev_rows = 0.2)],
    ["model", (s) => (s.model.name = "other")],
    ["revision", (s) => (s.model.revision = "main")],
    ["hub", (s) => (s.data.hub = "org/rows")],
    ["rows", (s) => (s.data.train_rows = 10)],
    ["split", (s) => (s.data.split_seed = 1)],
    [
      "columns",
      (s) =>
        (s.data.columns = {
          text: "a",
          text_pair: null,
          label: "b",
          prompt: null,
          input: null,
          response: null,
          messages: null,
          separator: " ",
        }),
    ],
    ["method", (s) => (s.method.name = "moving")],
    ["parameter", (s) => (s.method.rank = 4)],
    ["precision", (s) => (s.train.precision = "mixed")],
    ["score", (s) => (s.train.score = "f1")],
    ["head learning rate", (s) => (s.train.head_learning_rate = 1e-3)],
    ["max steps", (s) => (s.train.max_steps = 10)],
  ];
  test.each(others)("%s", (_, change) => {
    expect(changed(change)).not.toBe(id);
  });
  test.each(Object.keys(fingerprint))("fingerprint: %s", (key) => {
    expect(cellId(settings, { ...fingerprint, [key]: "other" })).not.toBe(id);
  });
});

test("an untuned model is the same run with any seed and training settings, and another with other rows or precision", () => {
  const untuned = (change: (copy: Settings) => void = () => {}) =>
    changed((s) => {
      s.method = { name: "none" };
      change(s);
    });
  expect(untuned((s) => (s.seed = 99))).toBe(untuned());
  expect(untuned((s) => Object.assign(s.train, { learning_rate: 1, num_train_epochs: 9, warmup_steps: 3 }))).toBe(
    untuned(),
  );
  const others = [
    untuned((s) => (s.train.max_length = 8)),
    untuned((s) => (s.train.holdout = 3)),
    untuned((s) => (s.data.split_seed = 1)),
    untuned((s) => (s.model.quantization = "nf4")),
  ];
  expect(new Set([id, untuned(), ...others]).size).toBe(6);
});
