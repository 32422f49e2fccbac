import { describe, expect, test } from "vitest";
import { allKeysText, keyText } from "../views/explain-text.js";
import { tooWide } from "../views/fixtures/too-wide.js";
import { explainAll, explainKey } from "./explain.js";
import { catalog } from "./fixtures/specs.js";

const text = (key: string) => keyText(explainKey(key, catalog), null);

test("one key", () => {
  expect(text("train.learning_rate")).toMatchInlineSnapshot(`
    "train.learning_rate
      meaning  Peak learning rate of everything but the head: linear warm-up from 0, then linear to 0 at the last step
      default  0.0004
      allowed  a number above 0
      source   transformers TrainingArguments.learning_rate; the published GLUE script uses 4e-4 or 5e-4 by task
    "
  `);
});
test("a parameter, for every method that has it", () => {
  expect(text("method.rank")).toMatchInlineSnapshot(`
    "method.rank  (method: plain, still, moving)
      meaning  Rank
      default  8
      allowed  a whole number from 1
      source   paper IV-B
    "
  `);
});
test("a preset and its fields", () => {
  expect(text("method.rules")).toMatchInlineSnapshot(`
    "method.rules  (method: moving)
      meaning  Reading of the rules
      default  paper
      allowed  one of paper, official or a mapping

    key                   default                         meaning
    method.rules.preset   paper                           The named setting that the other keys of this mapping change
    method.rules.score    sfs (paper), mean (official)    Score of a module
    method.rules.k        1 (paper), 0 (official)         Singular values left out
    method.rules.moments  true (paper), false (official)  Keep Adam moments
    "
  `);
});
test("a section lists what is in it; registered names are listed", () => {
  expect(text("data")).toContain("data.columns.text_pair");
  expect(text("method")).toContain("one of plain, still, moving, typed, or a mapping");
  expect(text("task")).toContain("one of toy, grade");
});

test("method.NAME lists the keys of that method alone; method says which method has which key", () => {
  const keys = (of: string) => [...text(of).matchAll(/^method\.\S+/gm)].map(String);
  expect(keys("method.plain")).toEqual(catalog.methods[0]?.parameters.map(({ name }) => `method.${name}`));
  expect(text("method.plain")).not.toMatch(/\(plain/);
  expect(text("method")).toMatch(/^method\.rank .*\(plain, still, moving\)$/m);
  expect(text("method")).toMatch(/^method\.rules .*\(moving\)$/m);
});

describe("all keys", () => {
  test("are explained: nothing without a meaning", () => {
    const all = explainAll(catalog);
    expect(all.filter((entry) => entry.meaning === "").map((entry) => entry.key)).toEqual([]);
    expect(all.length).toBeGreaterThan(45);
    expect(new Set(all.map((entry) => `${entry.key} ${entry.method}`)).size).toBe(all.length);
  });
  test("one line each", () => {
    const [header = "", first = ""] = keyText(explainKey("on_error", catalog), null).trimEnd().split("\n").slice(-2);
    expect(first.indexOf("Runs that may fail")).toBe(header.indexOf("meaning"));
    const lines = allKeysText(explainAll(catalog), null).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^key +default +meaning$/);
    expect(lines.filter((line) => line.startsWith("method.rank "))).toHaveLength(1);
    expect(lines.find((line) => line.startsWith("train.batch_size "))).toMatch(/ 32 +Rows of one forward pass/);
  });
});

test.each([
  ["train.learning_rat", "did you mean `train.learning_rate`?"],
  ["learning_rate", "did you mean `train.learning_rate`?"],
  ["lr", "did you mean `train.learning_rate`?"],
  ["qqqqqqqqqq", "`lor2c explain` lists all keys"],
  ["nf4", "nf4 is a value of model.quantization: `lor2c explain model.quantization`"],
  ["moving", "moving is a method: `lor2c explain method.moving`"],
  ["toy", "toy is a value of task: `lor2c explain task`"],
])("unknown: %s", (key, hint) => {
  expect(() => explainKey(key, catalog)).toThrow(expect.objectContaining({ exitCode: 2, hint }));
});

test.each([40, 80, 120])("all keys in a terminal of %i columns: no line is wider, and no word is lost", (width) => {
  const narrow = allKeysText(explainAll(catalog), width);
  expect(tooWide(narrow, width)).toEqual([]);
  const words = allKeysText(explainAll(catalog), null).split("\n").slice(1).join(" ");
  expect(narrow.split(/\s+/)).toEqual(words.trimEnd().concat("\n").split(/\s+/));
});

test("a key in a terminal: no line is wider, and no word is lost", () => {
  const narrow = keyText(explainKey("train.holdout", catalog), 80);
  const lines = narrow.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines.length).toBeGreaterThan(6);
  expect(narrow.split(/\s+/)).toEqual(text("train.holdout").split(/\s+/));
});
