import { describe, expect, test } from "vitest";
import { load, minimal, problems, write } from "./fixtures/specs.js";
import { ProblemList } from "./issues.js";
import { readSpecFile } from "./read-file.js";

describe("what is fine", () => {
  test("numbers as people write them", () => {
    const { settings } =
      load(minimal("train: {learning_rate: 2e-4, weight_decay: .1, max_length: 0x80}")).cells[0] ?? {};
    expect(settings?.train).toMatchObject({ learning_rate: 2e-4, weight_decay: 0.1, max_length: 128 });
  });
  test("a byte order mark, CRLF and comments, with right places", () => {
    const text = `\uFEFF# spec\r\n${minimal("train:\r\n  epochs: 3 # x\r\n").replaceAll(/(?<!\r)\n/g, "\r\n")}`;
    expect(problems(text)).toEqual(["6:3 train.epochs: unknown key | did you mean `train.num_train_epochs`?"]);
    expect(problems("\uFEFFepochs: 3")).toContainEqual(expect.stringMatching(/^1:1 epochs: unknown key/));
  });
  test("anchors and aliases", () => {
    const spec = load(
      "model: tiny\ntask: toy\nmethod: &m {name: plain, rank: 4}\nsweep: {variants: [{method: *m}, {method: moving}]}",
    );
    expect(spec.cells.map((cell) => cell.settings.method.rank)).toEqual([4, 8]);
  });
  test("tags of the core schema", () => {
    expect(load(minimal("name: !!str 5")).name).toBe("5");
  });
});

describe("what is not a spec", () => {
  test.each([
    ["nothing", "", "1:1 : is empty; a spec is a mapping of keys | `lor2c init` writes one to start from"],
    ["only a comment", "# x\n", "1:1 : is empty; a spec is a mapping of keys | `lor2c init` writes one to start from"],
    ["a list", "- a\n", "1:1 : holds a list; a spec is a mapping of keys | `lor2c init` writes one to start from"],
    [
      "a word",
      "hello",
      "1:1 : holds a single value; a spec is a mapping of keys | `lor2c init` writes one to start from",
    ],
    ["two documents", `${minimal()}---\na: 1\n`, "4:1 : a second document starts here | one file holds one spec"],
    ["a custom tag", minimal("seed: !fn 3"), "4:7 : unknown tag: !fn; only plain YAML values are allowed"],
    [
      "a tag of another schema",
      minimal("name: !!binary aGk="),
      "4:7 : unknown tag: tag:yaml.org,2002:binary; only plain YAML values are allowed",
    ],
    ["a key twice", minimal("seed: 1\ntask: toy"), "5:1 task: the key is written twice; first in line 2"],
    [
      "a merge key",
      minimal("train: {<<: {seed: 1}}"),
      "4:9 train.<<: merge keys are not part of YAML 1.2 | `extends: other.yaml` takes over a whole file",
    ],
    ["a list as key", minimal("? [a]\n: 1"), "4:3 : a key must be plain text"],
    ["a key of every object", minimal("__proto__: {a: 1}"), "4:1 __proto__: unknown key"],
    ["an alias without anchor", minimal("name: *x"), "4:7 name: the alias *x has no anchor before it"],
    ["an anchor inside itself", minimal("data: &a {path: *a}"), "4:17 data.path.path: more than 40 levels deep"],
    ["tabs", "train:\n\tseed: 1", "2:1 : YAML is indented with spaces, not with tabs"],
  ])("%s", (_, text, expected) => {
    expect(problems(text)).toContain(expected);
  });

  test("every syntax error is reported, and nothing else", () => {
    const found = problems('a: "x\nb: [1, 2\nnope: {\n');
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((line) => line.includes("not YAML"))).toBe(true);
  });
  test("bytes that are not UTF-8", () => {
    expect(problems(Uint8Array.of(0x61, 0x3a, 0xff, 0xfe))).toEqual(["1:1 : is not UTF-8 text | save it as UTF-8"]);
  });
});

describe("limits", () => {
  test("of the file's size", () => {
    expect(problems(`# ${"x".repeat(1024 * 1024)}\n`)).toEqual(["1:1 : is 1,048,579 bytes; a spec has at most 1 MiB"]);
  });
  test("of aliases, however much they stand for", () => {
    const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 9; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      );
    expect(problems(bomb.join("\n"))).toContainEqual(expect.stringContaining("more than 100 aliases"));
    const wide = `a: &a [${Array(200).fill(1).join(", ")}]\nb: [${Array(90).fill("*a").join(", ")}]`;
    expect(problems(wide)).toContainEqual(expect.stringContaining("aliases stand for more than 10,000 values"));
  });
  test("of nesting", () => {
    const found = problems(`a: ${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    expect(found).toContainEqual(expect.stringMatching(/nested too deeply|levels deep/));
  });
});

test.each([
  ["missing.yaml", "cannot be read: there is no such file"],
  [".", "cannot be read: it is a folder"],
])("a file that cannot be read: %s", (name, message) => {
  const list = new ProblemList();
  expect(readSpecFile(name === "." ? write("x.yaml", "").replace("/x.yaml", "") : name, list)).toBeUndefined();
  expect(list.problems.map((problem) => problem.message)).toEqual([message]);
});
