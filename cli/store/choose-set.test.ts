import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseSet } from "./choose-set.js";
import { claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { findRun } from "./selector.js";
import type { Store } from "./store.js";
import { addTag, ingest, raise, registerExperiment, setBaseline, setNote } from "./write.js";

const id = (digit: string) => digit.repeat(16);
const method = (name: string, more: Record<string, unknown>) => ({ name, ...more }) as never;
const CELLS = [
  sampleCell(id("a"), { label: "merges=0", method: method("imlor2c", { merges: 0, share: false, source: "8" }) }),
  sampleCell(id("b"), { label: "merges=1", method: method("imlor2c", { merges: 1, share: true, source: 8 }), seed: 2 }),
  sampleCell(id("c"), { label: "LoRA", method: method("lora", { rank: 8, share: 0, source: null }), task: "Other" }),
  sampleCell(id("d"), { label: "planned", method: method("none", {}) }),
];

let temp: { folder: string; remove: () => void };
let store: Store;
beforeAll(() => {
  temp = disposableFolder();
  const claimed = claimedStore(temp.folder, CELLS.slice(0, 3));
  store = claimed.store;
  registerExperiment(store, { name: "later", specFile: null, specText: "", cells: [CELLS[3], CELLS[0]] as never });
  const evaluated = (digit: string, seq: number, values: Record<string, number>, split = "eval") =>
    say.metrics([id(digit)], seq, seq * 10, values, split as "eval");
  ingest(store, claimed.attempts, [
    say.started([id("a"), id("b"), id("c")]),
    ...[evaluated("a", 2, { accuracy: 0.7, loss: 0.3 }), evaluated("a", 3, { accuracy: 0.6, loss: 0.5 })],
    ...[evaluated("b", 4, { accuracy: 0.9, loss: 0.2 }), evaluated("b", 5, { loss: 0.1 }, "train")],
    say.finished([id("a")], 6, 0.65),
  ]);
  addTag(store, "paper", [id("a"), id("b")]);
  addTag(store, "good", [id("b")]);
  raise(store, claimed.attempts.get(id("b")) as number, { kind: "disk", level: "warn", message: "full" });
  setNote(store, id("c"), "as in Table I");
  setBaseline(store, findRun(store, id("c")));
});
afterAll(() => {
  store.close();
  temp.remove();
});

const found = (where: string, more = {}) =>
  chooseSet(store, { where: [where], mayBeEmpty: true, ...more })
    .runs.map((run) => run.id[0])
    .toSorted()
    .join("");

test.each([
  ["task = Other", "c"],
  ["task = other", ""],
  ["method.merges >= 1", "b"],
  ["method.merges < 1", "a"],
  // without the key: neither in a filter nor in its opposite
  ["method.merges != 1", "a"],
  ["not method.merges = 1", "a"],
  ["not (method.merges = 1 or method.merges = 0)", ""],
  ["method.merges is null", "cd"],
  ["method.merges is not null", "ab"],
  // false, 0 and missing are three things
  ["method.share = false", "a"],
  ["method.share = 0", "c"],
  ["method.share != 0", "ab"],
  ["method.share is null", "d"],
  ["method.share < 1", "c"],
  // 8 is the number and the text, '8' the text
  ["method.source = 8", "ab"],
  ["method.source = '8'", "a"],
  ["method.source > 7", "b"],
  ["method.source is null", "cd"],
  ["method.source in ('8', 3)", "a"],
  ["label = 'merges=1'", "b"],
  ["label like 'merges=_'", "ab"],
  ["label like 'MERGES%'", ""],
  ["label not like 'm%'", "cd"],
  ["label like '%[a-z]%' or label like '%*%'", ""],
  ["state = running", "bc"],
  ["state in (finished, planned)", "ad"],
  ["best_score = 0.65 and score = 0.65", "a"],
  ["score >= 0.9", "b"],
  ["score is null", "cd"],
  ["params > 0 and seconds is not null", "a"],
  ["best:accuracy = 0.9 and last:train/loss < 1", "b"],
  ["best.accuracy = 0.7 and max.accuracy = 0.7", "a"],
  ["best.accuracy > 0.8", "b"],
  ["best.loss <= 0.2", "b"],
  ["best.loss = 0.3", "a"],
  ["last.loss = 0.5", "a"],
  ["first.accuracy = 0.7 and min.accuracy = .6", "a"],
  ["last.train.loss = 0.1", "b"],
  ["last.accuracy is null", "cd"],
  ["experiment = later", "ad"],
  ["experiment != later", "bc"],
  ["experiment = 2 and not state = planned", "a"],
  ["experiment like 'l%'", "ad"],
  ["experiment is null", ""],
  ["tag = paper", "ab"],
  ["alert = disk", "b"],
  ["alert = plateau or alert is null", "acd"],
  ["tag != paper", "cd"],
  ["tag in (paper, x) and tag = good", "b"],
  ["tag like 'p%'", "ab"],
  ["tag is null", "cd"],
  ["note = 'as in Table I'", "c"],
  ["note is null", "abd"],
  ["baseline = true", "c"],
  ["not baseline = 1", "abd"],
  ["run like 'a%' or id = bbbbbbbbbbbbbbbb", "ab"],
  ["seed in (2, 17) and seed > 2", "acd"],
  ["collapsed is null", "bcd"],
  ["collapsed = false", "a"],
  ["collapsed = 0", "a"],
  ["collapsed = 1", ""],
])("%s", (where, runs) => {
  expect(found(where)).toBe(runs);
});

test.each([
  ["merges = 1", "no run has merges", "`method.merges`"],
  ["methd.merges = 1", "no run has methd.merges", "`method.merges`"],
  ["best.acuracy > 1", "no run has best.acuracy", "`best.accuracy`"],
  ["accuracy > 1", "no run has accuracy", "`best.accuracy`"],
  ["zzzzzzzzzz = 1", "no run has zzzzzzzzzz", "a key is score, a column of v_runs"],
  ["epoch_score > 1", "no run has epoch_score", "a key is score, a column of v_runs"],
  ["seed = x", "seed is a number, and x is none", undefined],
  ["seed like x", "seed is no text", undefined],
  ["state = finishd", "state is never finishd", "`finished`"],
  ["collapsed = 2", "collapsed is true or false", undefined],
  ["method.share < true", "have no order", undefined],
  ["experiment > a", "experiment has no order", undefined],
])("%s is refused", (where, message, hint) => {
  const error = (() => {
    try {
      found(where);
    } catch (caught) {
      return caught as Error & { hint?: string };
    }
  })();
  expect(error?.message).toContain(message);
  if (hint !== undefined) expect(error?.hint).toContain(hint);
});

test("words: runs and experiments, each run once, in their order; a filter leaves some of them out", () => {
  const ids = (request: Parameters<typeof chooseSet>[1]) => chooseSet(store, request).runs.map((run) => run.id[0]);
  expect(ids({ words: ["later"] })).toEqual(["d", "a"]);
  expect(ids({ words: ["cccc", "later", "aaaa"] })).toEqual(["c", "d", "a"]);
  expect(ids({ words: ["later", "cccc"], where: ["state = planned"] })).toEqual(["d"]);
  expect(ids({ words: ["later", "cccc"], limit: 1, sort: "-seed" })).toHaveLength(1);
  expect(chooseSet(store, { words: ["later"], where: ["seed > 0", "seed < 99"] })).toMatchObject({
    ...{ experiment: { name: "later" }, said: "later, where seed > 0 and seed < 99" },
  });
  expect(chooseSet(store, { words: ["later", "cccc"] }).experiment).toBeNull();
  expect(() => chooseSet(store, { words: ["later"], where: ["seed > 99"] })).toThrow(
    "there are no such runs: later, where seed > 99",
  );
  expect(() => chooseSet(store, { words: ["nothing"] })).toThrow("no experiment has this name");
});

test.each([
  ["task = OTHER", "task; it is some-task, Other"],
  ["method.share = 3 and seed > 0", "method.share; it is false, 0, true"],
  ["best.accuracy > 0.99", "best.accuracy; it is 0.7, 0.9"],
  ["tag = papr", "tag; runs have paper, good"],
  ["seed = 2 and not seed = 2", ""],
])("no runs for %s: says what there is", (where, there) => {
  const { none } = chooseSet(store, { where: [where], mayBeEmpty: true });
  expect(none.split("\n")).toEqual([
    `there are no such runs: runs where ${where}`,
    ...(there === "" ? [] : [`no run meets the condition on ${there}`]),
  ]);
});

test("sorted by a key, runs without it last; else newest first", () => {
  const ids = (sort: string) =>
    chooseSet(store, { sort })
      .runs.map((run) => run.id[0])
      .join("");
  expect(ids("method.merges").slice(0, 2)).toBe("ab");
  expect(ids("-method.merges").slice(0, 2)).toBe("ba");
  expect(ids("-best.accuracy").slice(0, 2)).toBe("ba");
  expect(ids("label")).toBe("cabd");
  expect(() => ids("-experiment")).toThrow("several of experiment");
  expect(() => ids("-labl")).toThrow("no run has labl\n    -labl\n     ^");
});

test("a filter is no SQL", () => {
  expect(() => found("label = x; drop table runs")).toThrow("expected and, or");
  expect(found("label = 'x'' or 1=1 --'")).toBe("");
  expect(() => found("v.run = 1")).toThrow("no run has v.run");
});

test("options name columns: a value is text there, whatever it looks like", () => {
  expect(chooseSet(store, { fields: { task: "Other" } }).runs).toHaveLength(1);
  expect(chooseSet(store, { tag: ["paper", "good"] }).runs).toHaveLength(1);
  expect(chooseSet(store, { fields: { task: "1 or 1=1" }, mayBeEmpty: true }).runs).toEqual([]);
});

test("what there is stays on one line, and short", () => {
  const label = `two\n\tlines ${"x".repeat(90)}`;
  store.db.prepare("UPDATE runs SET label = ? WHERE task <> 'Other'").run(label);
  const { none } = chooseSet(store, { where: ["label = y"], mayBeEmpty: true });
  expect(none.split("\n")[1]).toBe(`no run meets the condition on label; it is two lines ${"x".repeat(29)}…, LoRA`);
});
