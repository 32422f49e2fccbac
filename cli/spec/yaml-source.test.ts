import { describe, expect, test } from "vitest";
import { catalog, load, minimal, problems, write } from "./fixtures/specs.js";
import { ProblemList } from "./issues.js";
import { loadSpec } from "./load.js";
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
    [
      "a list",
      "- model: a\n",
      "1:1 : holds a list; a spec is a mapping of keys | leave out the `- ` before each key, or start from `lor2c init`",
    ],
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
    [
      "an alias without anchor",
      minimal("name: *x"),
      '4:7 name: the alias *x has no anchor before it | YAML reads * as an alias; for text, put it in quotes: "*x"',
    ],
    ["an anchor inside itself", minimal("data: &a {path: *a}"), "4:17 data.path.path: more than 40 levels deep"],
    ["tabs", "train:\n\tseed: 1", "2:1 : YAML is indented with spaces, not with tabs"],
  ])("%s", (_, text, expected) => {
    expect(problems(text)).toContain(expected);
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

describe("slips of writing", () => {
  const SPACE = "a space is missing after the colon";
  test.each([
    ["at the start", "model:minilm\ntask: sst2\n", [`1:7 : ${SPACE}`]],
    ["at the end", "model: minilm\nmethod:lora\n", [`2:8 : ${SPACE}`]],
    ["twice", "model:minilm\ntask:sst2\nmethod: lora\n", [`1:7 : ${SPACE}`, `2:6 : ${SPACE}`]],
    ["inside of a mapping", "train:\n  batch_size:8\n  max_length: 9\n", [`2:14 : ${SPACE}`]],
    ["inside of a list", "sweep:\n  variants:\n    - label:x\n      seed: 1\n", [`3:13 : ${SPACE}`]],
    ["before a list", "sweep:\n  grid:\n    seed:[1,2]\n    method.rank: [1]\n", [`3:10 : ${SPACE}`]],
    ["in braces", "train: {batch_size:8}\n", [`1:20 train: ${SPACE}`]],
  ])("no space after a colon %s", (_, text, expected) => {
    expect(problems(text).filter((line) => line.includes("space is missing"))).toEqual(expected);
  });
  test("no space after a colon in all that a mapping holds, and in all that a file holds", () => {
    expect(problems(minimal("train:\n  batch_size:8\n"))).toEqual([
      `5:3 train: expected a mapping, found the text "batch_size:8" | ${SPACE}`,
    ]);
    expect(problems("model:minilm\ntask:sst2\n")).toEqual([`1:7 : ${SPACE}`, `2:6 : ${SPACE}`]);
  });
  test.each([
    ["train: batch_size 8", "no colon after a key"],
    ["adapter: mit", "its key is license: write {license: mit}"],
    ["data: GLUE", "its keys are path, hub, config, train_split, dev_split, dev_rows, ..."],
  ])("a text where a mapping belongs: %s", (line, hint) => {
    const [said, advice] = problems(minimal(`${line}\n`))
      .join()
      .split(" | ");
    expect([said, advice]).toEqual([expect.stringContaining("expected a mapping, found the text"), hint]);
  });
  test("no colon", () => {
    expect(problems("model: minilm\ntask sst2\nmethod: lora\n")).toEqual([
      "2:1 : no colon after a key | write task: sst2",
    ]);
    expect(problems("model: minilm\nmethod lora # x\n")).toEqual(["2:1 : no colon after a key | write method: lora"]);
  });
  test("two colons in a line", () => {
    expect(problems("model: minilm\nname: run: one\n")).toEqual([
      "2:7 : a second key on this line; put text with ': ' in quotes | a mapping on one line has braces: {key: value}",
    ]);
  });
});

describe("what the YAML library tells as a riddle", () => {
  const INDENT = "the keys of one mapping begin at the same column";
  const ONE_PAIR = "put the whole value in one pair of quotes, or in none";
  test.each([
    ["train\n  max_length: 9\n", "4:1 : no colon after a key | write train:"],
    ["train\n", "4:1 : no colon after a key | write train:"],
    ["seed = 3\n", "4:1 : no colon after a key | write seed: 3"],
    ["seed\uff1a3\n", "4:5 : there is a colon that YAML does not know (U+FF1A) | write : and a space"],
    ['name: "a\nseed: 3\n', '4:7 : the quote " that opens here is not closed | end the text with "'],
    ["name: 'a\nseed: 3\n", "4:7 : the quote ' that opens here is not closed | end the text with '"],
    ["name: 'it's'\n", `4:11 : there is text after the closing quote | ${ONE_PAIR}`],
    ["name: \u201ca: b\u201d\n", `4:7 : \u201c is not a quote in YAML | write " or '`],
    [
      'name: "C:\\users"\n',
      /^4:10 : \\u is not an escape; in double quotes a backslash begins one \| put the text in single/,
    ],
    [
      "sweep:\n  grid:\n    seed: [1, 2\n    a: [1]\n",
      "6:11 : the bracket [ that opens here is not closed | end the list with ]",
    ],
    ["sweep: {grid: {seed: [1, 2]}\n", "4:8 : the bracket { that opens here is not closed | end the mapping with }"],
    ["train: {a: 1, b: 2]}\n", "4:19 : the bracket ] does not close the { before it | end the mapping with }"],
    ["train: {a: 1}}\n", "4:14 : the bracket } closes nothing | leave it out"],
    ['train: {"a": 1 "b": 2}\n', "4:14 : a comma is missing here, or quotes around a text with ': '"],
    ["name: %a # x\n", '4:7 : a value cannot begin with % | put it in quotes: "%a"'],
    ["name: @a\n", '4:7 : a value cannot begin with @ | put it in quotes: "@a"'],
    ["name: `a`\n", '4:7 : a value cannot begin with ` | put it in quotes: "`a`"'],
    ["name: |a\n", '4:7 : a value that begins with | is a block of lines | put it in quotes: "|a"'],
    ["seed: - 3\n", "4:7 : a list cannot begin on the line of its key | write [3]"],
    ["train:\n  a: 8\n  - b: 9\n", "6:3 : a list item among the keys of a mapping | leave out the `- `"],
    ["train:\n  a: 8\n   b: 9\n", `6:4 : is indented by 3 spaces, the line above by 2 | ${INDENT}`],
    ["train:\n    a: 8\n  b: 9\n", `6:3 : is indented by 2 spaces, the line above by 4 | ${INDENT}`],
    [" seed: 3\n", `4:2 : is indented by 1 space, the line above by 0 | ${INDENT}`],
    ["train:\n  a: 8\n \tb: 9\n", "6:2 : YAML is indented with spaces, not with tabs"],
  ])("%j is one problem, at its place", (text, expected) => {
    const found = problems(minimal(text));
    expect(found).toEqual([typeof expected === "string" ? expected : expect.stringMatching(expected)]);
  });
  test("a directive, and line ends of another time", () => {
    expect(problems(`%a\n${minimal()}`)).toEqual(["1:1 : a line cannot begin with % | write # for a comment"]);
    expect(problems(minimal("seed: 3").replaceAll("\n", "\r"))).toEqual([
      "1:12 : lines end with a lone carriage return (U+000D) | save the file with line ends of Unix or Windows",
    ]);
  });
  test("dashes before the keys of a mapping", () => {
    expect(problems(minimal("train:\n  - batch_size: 8\n"))).toEqual([
      "5:3 train: expected a mapping, found a list | leave out the `- ` before each key: they make a list",
    ]);
  });
});

describe("invisible characters", () => {
  const HINT = "write a plain space or nothing, or quote the text if it belongs there";
  test.each([
    ["before a key", "model: tiny\ntrain:\n\u00a0\u00a0batch_size: 8\n", "3:1 : there is a no-break space (U+00A0)"],
    ["after a number", "model: tiny\nseed: 3\u2009\n", "2:8 : there is a typographic space (U+2009)"],
    ["after a name", "model: tiny\u200b\n", "1:12 : there is a zero-width space (U+200B)"],
    ["after a colon", "model:\u00a0tiny\ntask: toy\n", "1:7 : there is a no-break space (U+00A0)"],
    ["in a list", "sweep: {grid: {seed: [1,\u30002]}}\n", "1:25 : there is an ideographic space (U+3000)"],
    ["in the middle", "model: tiny\ntask: to\ufeffy\n", "2:9 : there is a byte order mark (U+FEFF)"],
  ])("%s", (_, text, expected) => {
    expect(problems(text).filter((line) => line.includes("there is a"))).toEqual([`${expected} | ${HINT}`]);
  });
  test("are the only problem that is told: what follows from them would mislead", () => {
    expect(problems("model: tiny\ntrain:\n\u00a0\u00a0batch_size: 8\n")).toHaveLength(1);
  });
  test("in --set too", () => {
    expect(problems(minimal(), ["seed=3\u00a0"])).toEqual([
      `--set 1:7 seed: there is a no-break space (U+00A0) | ${HINT}`,
    ]);
  });
  test("in the key of a --set, and in quotes where a number belongs", () => {
    expect(problems(minimal(), ["\u00a0seed=3"])).toEqual([
      `--set 1:1 seed: there is a no-break space (U+00A0) | ${HINT}`,
    ]);
    expect(problems(minimal('seed: "3\u202f"\n'))[0]).toMatch(
      /found the text "3 " with a narrow no-break space \(U\+202F\)$/,
    );
  });
  test.each(["\u2007", "\u200d", "\u202e", "\u2800", "\u3164", "\uffa0"])("%j is one of them", (odd) => {
    expect(problems(minimal(`name: a${odd}\n`))[0]).toMatch(/^4:8 : there is an? .* \(U\+/);
  });
  test("are fine in quotes and comments", () => {
    expect(load(minimal('name: "n\u00a03" # \u200b\n')).name).toBe("n\u00a03");
  });
});

describe("characters that nothing could take", () => {
  const HALF = "has half of a surrogate pair (U+D800), which is not a character";
  test.each([
    ["a value", 'model: "\\uD800"\ntask: toy\nmethod: plain\n', `1:8 model: ${HALF}`],
    ["a key", minimal('train: {"\\uD800": 1}\n'), `4:9 train: ${HALF}`],
    ["an axis", minimal('sweep: {grid: {data.hub: ["a", "\\uD800"]}}\n'), `4:32 sweep.grid.data.hub[1]: ${HALF}`],
    ["a label", minimal('sweep: {variants: [{label: "\\uD800", seed: 1}]}\n'), `4:28 sweep.variants[0].label: ${HALF}`],
    ["a file to extend", 'extends: "\\uD800"\n', `1:10 extends: ${HALF}`],
    ["a file to extend, NUL", 'extends: "a\\0b"\n', "1:10 extends: has a control character (U+0000)"],
    ["a control", 'model: "a\\e[2J"\ntask: toy\nmethod: plain\n', "1:8 model: has a control character (U+001B)"],
  ])("in %s", (_, text, expected) => {
    expect(problems(text)).toContain(expected);
  });
  test("in --set", () => {
    expect(problems(minimal(), ['model="\\uD800"'])).toEqual([`--set 1:7 model: ${HALF}`]);
  });
  test("a whole pair is a character", () => {
    expect(load(minimal('name: "\\uD83D\\uDE00"')).name).toBe("\u{1f600}");
  });
  test("names and labels are one line that no mark of direction turns", () => {
    const one = (code: string) => `a name is one line of plain text; this one has ${code}`;
    expect(problems(minimal('name: "a\\nb"\n'))).toEqual([`4:7 name: ${one("U+000A")}`]);
    expect(problems(minimal('sweep: {variants: [{label: "a\\u202eb", seed: 1}]}'))).toEqual([
      `4:28 sweep.variants[0].label: ${one("U+202E")}`,
    ]);
    expect(load(minimal(), ['name="n\u00b0 3"']).name).toBe("n\u00b0 3");
  });
  test("a file's name is made a name", () => {
    const file = write("odd\u001b[31m\u202e.yaml", minimal());
    expect(loadSpec(file, [], catalog).name).toBe("odd_[31m_");
  });
});
