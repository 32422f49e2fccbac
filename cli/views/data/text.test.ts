import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { tempFolder } from "../../fixtures/temp-folder.js";
import { rowSets } from "../../plan/row-sets.js";
import { Examined } from "../../protocol/messages.js";
import { loadSpec } from "../../spec/load.js";
import { packageFile } from "../../spec/package-files.js";
import type { ExaminedSpec } from "./data.js";
import { dataJson } from "./json.js";
import { dataText } from "./text.js";

const example = Examined.parse(
  JSON.parse(readFileSync(packageFile("cli", "protocol", "examples", "examined.json"), "utf8")),
);
const spec = join(tempFolder(), "reviews.yaml");
writeFileSync(spec, "model: minilm\ntask: movie-reviews\nmethod: lora\ntrain: {max_length: 8}\n");

/** The view of a spec whose every set of rows is the example, changed. */
function viewOf(change: (examined: Examined) => void = () => {}, sets: string[] = []): ExaminedSpec {
  const examined = structuredClone(example);
  change(examined);
  const { cells } = loadSpec(spec, sets);
  const found = rowSets(cells).map((set) => ({ ...set, examined }));
  return { file: "reviews.yaml", name: "reviews", notes: [], sets: found, runs: cells.length };
}

test("a report at 80 columns: control characters escaped, a sum of every kind of trouble", () => {
  expect(dataText(viewOf(), 80)).toMatchInlineSnapshot(`
    "reviews  (reviews.yaml): 1 run

    files      /data/reviews/train.csv  CSV, UTF-8, 120 B
               /data/reviews/dev.parquet  Parquet, 2 KiB
    columns    review: text, stars: label
    not used   id
    labels     classes; accuracy, f1; accuracy chooses the best epoch
    tokenizer  that of minilm; longer rows are cut at train.max_length 8

                                     train        eval
    rows                                 3           2
      negative                  2   66.7 %  0    0.0 %
      positive                  1   33.3 %  0    0.0 %
    rows with no label          0    0.0 %  2  100.0 %
    values
      min                                -           0
      25 %                               -         0.5
      median                             -           1
      75 %                               -           2
      max                                -           5
      mean                               -         1.2
      different                          -           2
    tokens of a row
      min                                3           -
      median                             6           -
      90 %                              10           -
      99 %                              10           -
      max                               10           -
      cut at 8                  1   33.3 %           -
      unknown to the tokenizer       7.7 %           -
    blank text                           0  1   50.0 %
    text of an earlier row               0           0
    text with several labels             0  2  100.0 %

    leakage: 1 row of eval (50.0 %) has a text that is in train too, 1 of them with
    another label
      train 1 (positive), eval 2 (negative)  A quiet, moving film.

    blank: row 2 of eval

    same text, several labels: 2 rows of eval
      eval 1 (negative)  Dull. | Very.

    train 1: positive
      text    A quiet, moving film.\\u001b[2J
      tokens  [CLS] a quiet moving film [SEP]

    note: train: a seeded subset
    warning: data.train_rows 9: there are 3 rows; all are used
    "
  `);
});

test("no line of text is wider than the terminal, whatever the labels and texts are called", () => {
  const long = "wide 映画 ".repeat(40);
  const view = viewOf(({ report, warnings }) => {
    warnings.push(long);
    for (const split of report?.splits ?? []) {
      split.labels = Array.from({ length: 200 }, (_, i) => ({ label: `${long}${i}`, rows: i }));
      split.first = [{ row: 1, text: long, text_pair: long, labels: [long], tokens: [long, "\n"] }];
    }
    for (const { other_label } of report?.shared ?? []) {
      for (const text of other_label.first) {
        text.text = long;
        for (const one of text.occurrences) one.labels = [long];
      }
    }
    report?.columns.push(...Array.from({ length: 30 }, (_, i) => ({ column: `column ${i}`, used_as: null })));
  });
  const lines = dataText(view, 80).split("\n");
  expect(lines.length).toBeGreaterThan(60);
  expect(lines.filter((line) => stringWidth(line) > 80)).toEqual([]);
  expect(lines.join("\n")).toContain("170 more labels");
});

test("a prompt is cut at its beginning, where the template says the same in every row", () => {
  const view = viewOf(({ report }) => {
    if (report) report.kind = "language_model";
    for (const split of report?.splits ?? []) {
      split.first = [{ row: 1, text: `${"Below is 映画. ".repeat(20)}Why?`, text_pair: "So.", labels: [], tokens: [] }];
    }
  });
  const lines = dataText(view, 80).split("\n");
  const prompt = lines.find((line) => line.startsWith("  prompt  ")) ?? "";
  expect(prompt).toMatch(/^ {2}prompt {2}….*Below is 映画\. Why\?$/);
  expect(stringWidth(prompt)).toBeLessThanOrEqual(80);
  expect(lines).toContain("  reply   So.");
  expect(lines.join("\n")).not.toContain("text with several labels");
});

test("rows that cannot be read have their problem and nothing else; several sets name their runs", () => {
  const view = viewOf(
    (examined) => {
      examined.report = null;
      examined.warnings = [];
      examined.problems = ["data.path /nowhere: no such folder"];
    },
    ["sweep.grid={data.split_seed: [1, 2]}"],
  );
  expect(dataText(view, 80)).toBe(
    [
      "reviews  (reviews.yaml): 2 runs, 2 different sets of rows",
      "",
      "1 of 2 runs: split_seed=1",
      "",
      "refused: data.path /nowhere: no such folder",
      "",
      "",
      "1 of 2 runs: split_seed=2",
      "",
      "refused: data.path /nowhere: no such folder",
      "",
    ].join("\n"),
  );
  expect(dataJson(view).row_sets.map(({ runs }) => runs)).toEqual([["split_seed=1"], ["split_seed=2"]]);
});

test("runs share a set of rows unless a key of rows, tokens or scores differs", () => {
  for (const key of ["data.split_seed", "train.max_length", "data.train_rows", "train.holdout"]) {
    const { cells } = loadSpec(spec, [`sweep.grid={${key}: [8, 16], seed: [1, 2], method.rank: [1, 2, 4]}`]);
    expect(
      rowSets(cells).map((set) => set.cells.length),
      key,
    ).toEqual([6, 6]);
  }
});

test("a regression has values where other tasks have labels", () => {
  const text = dataText(
    viewOf(({ report }) => {
      if (report) report.kind = "regress";
    }),
    80,
  );
  expect(text).toContain("text with several values");
  expect(text).toContain("same text, several values: 2 rows of eval");
  expect(text).toMatch(/1 of them with\nanother value/);
});
