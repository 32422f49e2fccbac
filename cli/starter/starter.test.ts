import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { UsageError } from "../errors.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { Surveyed } from "../protocol/messages.js";
import { budgetFor, lengthsFor } from "./budget.js";
import { type Asked, guess } from "./guess.js";
import { guessText } from "./guess-text.js";
import type { Column } from "./names.js";
import { specText } from "./spec-text.js";

const ROWS = 300;
type Kind = Column["kind"];
const column = (name: string, kind: Kind, distinct: number, words = kind === "text" ? 1 : 0): Column => ({
  ...{ column: name, filled: ROWS, kind, distinct, words },
  values: [{ value: "a", rows: 100 }],
  tokens: words >= 3 ? { median: 20, p99: 33, max: 70 } : null,
});
const sentences = (name: string, words = 14) => column(name, "text", ROWS - 2, words);
const classes = (name: string, distinct = 3) => column(name, "text", distinct);
const ids = (name: string) => column(name, "whole", ROWS);

const table = (...columns: Column[]): Surveyed => ({
  ...{ type: "surveyed", seq: 1, request: "survey", rows: ROWS, more: false, columns },
  splits: [{ split: null, files: ["/data/feedback.csv"] }],
});

/** Text columns, second text, label, kind, and how much it is unsure of. */
function guessed(surveyed: Surveyed, asked: Partial<Asked> = {}) {
  const { text, pair, label, kind, unsure } = guess(surveyed, { text: [], ...asked }, "feedback.csv");
  return [text.map((one) => one.column).join("+"), pair?.column ?? null, label.column, kind, unsure.length];
}

describe("guess", () => {
  test.each<[string, Column[], unknown[]]>([
    ["names that say it", [sentences("review"), classes("sentiment")], ["review", null, "sentiment", "classify", 0]],
    ["any names", [sentences("worte"), classes("art")], ["worte", null, "art", "classify", 0]],
    ["numbers of rows", [ids("id"), sentences("x1x"), classes("zz")], ["x1x", null, "zz", "classify", 0]],
    ["numbers of rows without a name", [ids(""), sentences("t"), classes("zz")], ["t", null, "zz", "classify", 0]],
    ["whole numbers as classes", [sentences("t"), column("label", "whole", 2)], ["t", null, "label", "classify", 0]],
    ["few whole numbers", [sentences("t"), column("stars", "whole", 5)], ["t", null, "stars", "classify", 1]],
    ["many whole numbers", [sentences("t"), column("points", "whole", 90)], ["t", null, "points", "regress", 0]],
    ["fractions", [sentences("t"), column("hours", "number", 250)], ["t", null, "hours", "regress", 0]],
    ["lists", [sentences("t"), column("tags", "list", 6)], ["t", null, "tags", "multi_label", 0]],
    [
      "a text under a name of instructions",
      [sentences("prompt"), classes("topic")],
      ["prompt", null, "topic", "classify", 0],
    ],
    [
      "a pair by its names",
      [sentences("premise"), sentences("hypothesis"), classes("gold_label")],
      ["premise", "hypothesis", "gold_label", "classify", 0],
    ],
    [
      "a pair by its numbers",
      [sentences("question1"), sentences("question2"), column("is_duplicate", "whole", 2)],
      ["question1", "question2", "is_duplicate", "classify", 0],
    ],
    [
      "several texts",
      [sentences("title", 5), sentences("body", 60), classes("topic")],
      ["body", null, "topic", "classify", 1],
    ],
    ["two labels", [sentences("t"), classes("first"), classes("second")], ["t", null, "second", "classify", 1]],
    [
      "a fact beside the label",
      [sentences("t"), classes("art"), classes("channel")],
      ["t", null, "art", "classify", 1],
    ],
    [
      "a named label beside others",
      [sentences("t"), classes("label"), classes("zz")],
      ["t", null, "label", "classify", 0],
    ],
    ["labels of several words", [sentences("t"), column("intent", "text", 9, 4)], ["t", null, "intent", "classify", 0]],
  ])("%s", (_, columns, expected) => {
    expect(guessed(table(...columns))).toEqual(expected);
  });

  test("what the user names is taken, also where nothing else would be found", () => {
    const surveyed = table(
      column("a", "text", 290),
      column("b", "text", 295),
      column("c", "text", 200),
      sentences("d"),
    );
    expect(guessed(surveyed, { text: ["a", "b"], label: "c" })).toEqual(["a+b", null, "c", "classify", 0]);
    expect(guessed(surveyed, { text: ["d"], textPair: "a", label: "c" })).toEqual(["d", "a", "c", "classify", 0]);
  });

  test.each<[string, Column[], Partial<Asked>, string, string]>([
    [
      "no label",
      [sentences("t"), ids("id")],
      {},
      'no column looks like the label. It has "t" (text, 298 different)',
      "--label COL",
    ],
    ["no text", [classes("a"), classes("b")], {}, "no column looks like the text", "--text COL"],
    [
      "conversations",
      [column("messages", "mixed", 96)],
      {},
      "feedback.csv has conversations (messages), and init writes specs for rows with a label",
      "task: instruct",
    ],
    [
      "prompts with responses, although these look like labels",
      [sentences("prompt"), classes("response", 6)],
      {},
      "has prompts with responses (prompt, response)",
      "task: instruct (docs/instructions.md), or name a label with --label COL",
    ],
    [
      "another name",
      [sentences("text"), classes("mood")],
      { label: "moods" },
      "--label moods: feedback.csv has no such",
      "`mood`",
    ],
    [
      "a column as both",
      [sentences("text"), classes("mood")],
      { text: ["mood"], label: "mood" },
      "mood is named twice",
      "once",
    ],
  ])("%s: says which option to give", (_, columns, asked, message, hint) => {
    let error: UsageError | undefined;
    try {
      guessed(table(...columns), asked);
    } catch (thrown) {
      error = thrown as UsageError;
    }
    expect(error).toMatchObject({ exitCode: 2 });
    expect(error?.message).toContain(message);
    expect(error?.hint).toContain(hint);
  });
});

test("few rows get more epochs in smaller batches; lengths cut about one row in a hundred", () => {
  const budgets = [100, 1000, 10_000, 50_000, 5_000_000].map(budgetFor);
  expect(budgets.map((one) => one.num_train_epochs)).toEqual([10, 6, 4, 2, 1]);
  expect(budgets.map((one) => one.batch_size)).toEqual([8, 16, 32, 32, 64]);
  expect(lengthsFor([sentences("t")])).toEqual({ max_length: 40, p99: 33 });
  expect(lengthsFor([sentences("t"), sentences("u")])).toEqual({ max_length: 72, p99: 66 });
  expect(lengthsFor([{ ...sentences("t", 900), tokens: null }]).max_length).toBe(256);
});

test("the spec says what was found; odd names are quoted, and nothing in them ends a comment", () => {
  const folder = tempFolder();
  const odd = 'a: "b" #\n\u2028c\u00a0🙂';
  const label = { ...classes(odd), values: [{ value: odd, rows: 3 }] };
  const other = classes("yes");
  const surveyed = { ...table(sentences("on"), sentences(odd.repeat(2)), other, label), rows: 12_345 };
  const found = guess(surveyed, { text: ["on", odd.repeat(2)], label: odd }, "x.csv");
  const place = { specFile: join(folder, "specs", "x.yaml"), name: "x", dataFile: join(folder, "x.csv") };
  surveyed.splits = [{ split: null, files: [join(folder, "x.csv")] }];
  const spec = specText(place, surveyed, { ...found, unsure: [`the label could be ${odd}`] });
  writeFileSync(join(folder, "x.yaml"), spec);
  expect(parse(spec)).toMatchObject({
    task: "classify",
    data: { path: "../x.csv", dev_rows: 0.2, columns: { text: ["on", odd.repeat(2)], label: odd } },
    train: { num_train_epochs: 4, batch_size: 32, max_length: 72 },
  });
  expect(spec.split("\n").every((line) => line.length <= 125 || line.includes(folder))).toBe(true);
});

test("a folder with train and dev is the path, and no rows are split off", () => {
  const surveyed = table(sentences("review"), column("hours", "number", 99));
  surveyed.splits = [
    { split: "train", files: ["/data/mine/train.csv"] },
    { split: "dev", files: ["/data/mine/dev.csv"] },
  ];
  const place = { specFile: "/data/mine.yaml", name: "mine", dataFile: "/data/mine" };
  const value = parse(specText(place, surveyed, guess(surveyed, { text: [] }, "mine")));
  expect(value.task).toBe("regress");
  expect(value.data).toEqual({ path: "./mine", columns: { text: "review", label: "hours" } });
});

test("what the command says about its guess", () => {
  const surveyed = table(sentences("t"), classes("first"), classes("second"));
  expect(guessText(surveyed, guess(surveyed, { text: [] }, "f.csv"), "f.csv")).toBe(
    [
      "f.csv: 300 rows",
      "  text       t: about 14 words a row, 20 tokens",
      "  label      second: 3 values: a 100, ...",
      "  task       classify: each row has one of the labels",
      'unsure: the label could be "first" (3 different texts) instead of "second" (3 different texts): --label first, or data.columns.label in the spec',
      "",
    ].join("\n"),
  );
});
