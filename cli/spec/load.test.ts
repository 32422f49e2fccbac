import { execFileSync } from "node:child_process";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { folder, load, minimal, problems, write } from "./fixtures/specs.js";

describe("problems", () => {
  test("all at once, in reading order, with place, reason and help", () => {
    const text = `nme: x
model: 5
task: toi
data: {train_rows: 1_000, path: a, hub: b}
method: {name: plain, rnk: 8, rank: "8", targets: [qery, 4]}
lr: 2
train:
  learning_rate: -1
  precision: fp23
  warmup_ratio: 1.5
  score: 3
jobs: many
`;
    expect(problems(text)).toMatchInlineSnapshot(`
      [
        "1:1 nme: unknown key | did you mean \`name\`?",
        "2:8 model: expected text or a mapping, found 5",
        "3:7 task.name: unknown task "toi" | did you mean \`toy\`?",
        "4:20 data.train_rows: expected a whole number from 1 or null, found the text "1_000" | write 1000",
        "4:41 data.hub: data.path and data.hub are both given; rows come from one of them | set one to null",
        "5:23 method.rnk: unknown key | did you mean \`rank\`?",
        "5:37 method.rank: expected a whole number from 1, found the text "8" | the quotes make it text: write 8",
        "5:52 method.targets[0]: expected one of query, key, value, found the text "qery" | did you mean \`query\`?",
        "5:58 method.targets[1]: expected one of query, key, value, found 4",
        "6:1 lr: unknown key | did you mean \`train.learning_rate\`?",
        "8:18 train.learning_rate: expected a number above 0, found -1",
        "9:14 train.precision: expected one of auto, fp32, mixed, found the text "fp23" | did you mean \`fp32\`?",
        "10:17 train.warmup_ratio: expected a number from 0 to 1, found 1.5",
        "11:10 train.score: expected text or null, found 3",
        "12:7 jobs: expected auto or a whole number from 1 to 64, found the text "many"",
      ]
    `);
  });
  test("a value that people expect and that there is not: the reason", () => {
    expect(problems("model: tiny\ntask: toy\nmethod: plain\nkeep: {checkpoints: all}")).toEqual([
      '4:21 keep.checkpoints: expected one of unfinished, none, found the text "all" | nothing can go on from the ' +
        "checkpoint of a finished run, so those are always deleted",
    ]);
  });
  test("what is required", () => {
    expect(problems("seed: 1")).toMatchInlineSnapshot(`
      [
        "1:1 model: is required: text or a mapping",
        "1:1 task: is required: text or a mapping",
        "1:1 method: is required: text or a mapping",
      ]
    `);
    expect(problems("model: {revision: x}\ntask: toy\nmethod:\n  rank: 3")).toMatchInlineSnapshot(`
      [
        "1:1 model.name: is required: text",
        "3:1 method.name: is required: text",
      ]
    `);
    expect(problems("model: tiny\ntask: toy\nmethod: typed")).toMatchInlineSnapshot(`
      [
        "3:1 method.needed: is required: a whole number",
      ]
    `);
  });
  test("a holdout is a share or a number of rows; a fixed epoch is one of the run's", () => {
    const held = (value: string) => problems(minimal(`train: {holdout: ${value}}`));
    for (const bad of ["0", "1.5", "-0.1", "yes"]) {
      expect(held(bad), bad).toEqual([
        expect.stringContaining(
          "4:18 train.holdout: expected a number above 0 below 1, a whole number from 1 or null, found",
        ),
      ]);
    }
    for (const good of ["0.1", "400", "null"]) expect(load(minimal(`train: {holdout: ${good}}`)).cells).toHaveLength(1);
    expect(problems(minimal("train: {num_train_epochs: 3, report_epoch: 4}"))).toEqual([
      "4:44 train.report_epoch: is 4, but the run has 3 epochs",
    ]);
    expect(load(minimal("train: {num_train_epochs: 3, report_epoch: 3}")).cells).toHaveLength(1);
  });
  test("unknown names of things that exist elsewhere", () => {
    expect(problems(minimal("rank: 8\nmethod_name: x\ntrain: {seed: 1, bs: 8, zzzzzzzz: 1}"))).toMatchInlineSnapshot(`
      [
        "4:1 rank: unknown key | did you mean \`method.rank\`?",
        "5:1 method_name: unknown key | known here: name, extends, model, task, data, method, train, seed, adapter, sweep, on_error, jobs, devices, keep, evaluate",
        "6:9 train.seed: unknown key | did you mean \`seed\`?",
        "6:18 train.bs: unknown key | did you mean \`train.batch_size\`?",
        "6:25 train.zzzzzzzz: unknown key | known here: num_train_epochs, max_steps, batch_size, eval_batch_size, gradient_accumulation_steps, learning_rate, head_learning_rate, warmup_ratio, warmup_steps, weight_decay, adam_beta1, adam_beta2, adam_epsilon, max_grad_norm, max_length, precision, logging_steps, score, max_lanes, bundle, holdout, report_epoch, stop_after_nonfinite, class_weights, early_stopping_patience, ...",
      ]
    `);
    expect(problems("model: tiny\ntask: toy\nmethod: {name: plain, merges: 2}")).toEqual([
      "3:23 method.merges: unknown key | `merges` is a parameter of moving",
    ]);
    expect(problems("model: tiny\ntask: toy\nmethod: moveing")).toEqual([
      '3:9 method.name: unknown method "moveing" | did you mean `moving`?',
    ]);
  });
  test("a score must be one of the task's", () => {
    expect(problems(minimal("train: {score: pearson}"))).toEqual([
      '4:16 train.score: the task toy has no score "pearson" | known here: accuracy, f1',
    ]);
    expect(load(minimal("train: {score: f1}")).cells[0]?.settings.train.score).toBe("f1");
  });
  test("sections that are empty or of another kind", () => {
    expect(problems(minimal("train:\ndata: [1]\nsweep: 3"))).toMatchInlineSnapshot(`
      [
        "4:7 train: expected a mapping, found nothing (null)",
        "5:7 data: expected a mapping, found a list",
        "6:8 sweep: expected a mapping or null, found 3",
      ]
    `);
  });
  test("words that other YAML readers take for switches", () => {
    expect(problems("model: tiny\ntask: toy\nmethod: {name: typed, needed: 1, flag: yes}")).toEqual([
      '3:40 method.flag: expected true or false, found the text "yes" | YAML 1.2 writes true or false',
    ]);
  });
  test("numbers without a value", () => {
    expect(problems(minimal("train: {learning_rate: .nan, weight_decay: .inf}\nseed: 1.5"))).toMatchInlineSnapshot(`
      [
        "4:24 train.learning_rate: expected a number above 0, found NaN",
        "4:44 train.weight_decay: expected a number from 0, found Infinity",
        "5:7 seed: expected a whole number from 0 to 4294967295, found 1.5",
      ]
    `);
  });
});

describe("extends", () => {
  test("takes over everything but the name, and merges key by key", () => {
    write(
      "base.yaml",
      "name: base\nmodel: tiny\ntask: toy\nmethod: {name: plain, rank: 4}\ntrain: {batch_size: 8, max_length: 64}\n",
    );
    const spec = load("extends: base.yaml\ntrain: {batch_size: 16}\nmethod: {scale: 2}");
    expect(spec.extends).toBe(join(folder, "base.yaml"));
    expect(spec.name).toMatch(/^spec-\d+$/);
    expect(spec.cells[0]?.settings.train).toMatchObject({ batch_size: 16, max_length: 64 });
    expect(spec.cells[0]?.settings.method).toEqual({ name: "plain", rank: 4, scale: 2, targets: ["query", "value"] });
  });
  test("another method drops the parameters of the former one", () => {
    const spec = load("extends: base.yaml\nmethod: {name: moving, merges: 1}");
    expect(spec.cells[0]?.settings.method).toMatchObject({ name: "moving", rank: 8, merges: 1 });
  });
  test("problems point into the file that has them", () => {
    write("wrong.yaml", "model: tiny\ntask: toy\nmethod: plain\ntrain:\n  learning_rate: fast\n");
    expect(problems("extends: wrong.yaml\nseed: -1")).toEqual([
      "2:7 seed: expected a whole number from 0 to 4294967295, found -1",
      'wrong.yaml 5:18 train.learning_rate: expected a number above 0, found the text "fast"',
    ]);
  });
  test("what cannot be extended is a problem of the line that says so, beside all others", () => {
    expect(problems("extends: nowhere.yaml\nseed: -1")).toEqual([
      `1:10 extends: ${folder}/nowhere.yaml cannot be read: there is no such file`,
      "2:7 seed: expected a whole number from 0 to 4294967295, found -1",
    ]);
    write("second.yaml", "extends: base.yaml\n");
    expect(problems("extends: second.yaml")[0]).toBe(
      `1:10 extends: ${folder}/second.yaml extends another file itself | one level only: extend that file directly, or copy its keys`,
    );
    expect(problems(minimal("extends: [a, b]"))).toEqual(["4:10 extends: expected text, found a list"]);
    write("broken.yaml", "a: [\n");
    expect(problems("extends: broken.yaml")[0]).toMatch(/^broken.yaml 1:4 : the bracket \[ that opens here/);
  });
  test.skipIf(process.platform === "win32")("a pipe or a device is refused, not waited for", () => {
    execFileSync("mkfifo", [join(folder, "pipe.yaml")]);
    expect(problems("extends: pipe.yaml")[0]).toMatch(
      /^1:10 extends: .*pipe.yaml is a pipe; only a file can be extended$/,
    );
    expect(problems("extends: /dev/zero")).toContain("1:10 extends: /dev/zero cannot be read: it is a device");
  });
});

describe("--set", () => {
  const one = (...sets: string[]) => load(minimal("method_: 0".slice(10)), sets).cells[0]?.settings;
  test("values are YAML", () => {
    expect(
      one("train.learning_rate=1e-4", "seed=3", "model={name: x, revision: 1a}", "method.targets=[key]"),
    ).toMatchObject({
      train: { learning_rate: 1e-4 },
      seed: 3,
      model: { name: "x", revision: "1a" },
      method: { targets: ["key"] },
    });
  });
  test("later flags win; a name with = in it is kept", () => {
    expect(load(minimal(), ["seed=1", "seed=2", "name=a=b"])).toMatchObject({
      name: "a=b",
      cells: [{ settings: { seed: 2 } }],
    });
  });
  test("another method: a whole `method` forgets written parameters, `method.name` keeps them", () => {
    const spec = "model: tiny\ntask: toy\nmethod: {name: plain, rank: 4}";
    expect(load(spec, ["method=moving"]).cells[0]?.settings.method).toMatchObject({ name: "moving", rank: 8 });
    expect(load(spec, ["method.name=moving"]).cells[0]?.settings.method).toMatchObject({ name: "moving", rank: 4 });
    expect(load(spec, ["method=plain"]).cells[0]?.settings.method.rank).toBe(4);
    expect(problems(`${spec.slice(0, -1)}, targets: [key]}`, ["method.name=moving"])).toEqual([
      "3:32 method.targets: unknown key | `targets` is a parameter of plain; to change the method: --set method=moving",
    ]);
  });
  test("a sweep can be set, narrowed and taken away", () => {
    const spec = minimal("sweep: {grid: {method.rank: 1..4}}");
    expect(load(spec, ["sweep.grid.method.rank=[2, 3]"]).cells).toHaveLength(2);
    expect(load(spec, ["sweep.grid.seed=0..2"]).cells).toHaveLength(12);
    expect(load(spec, ["sweep=null"]).cells).toHaveLength(1);
  });
  test("problems name the flag and the column of the value", () => {
    expect(
      problems(minimal(), [
        "train.max_length=2",
        "foo.bar=3",
        "seed",
        "=1",
        "a..b=1",
        "extends=x",
        "name=[",
        "jobs=!x 1",
      ]),
    ).toMatchInlineSnapshot(`
      [
        "--set 1:1 : "seed" is not of the form key=value | e.g. --set train.learning_rate=1e-4",
        "--set 1:1 : "=1" is not of the form key=value | e.g. --set train.learning_rate=1e-4",
        "--set 1:1 : "a..b=1" is not of the form key=value | e.g. --set train.learning_rate=1e-4",
        "--set 1:1 extends: only a file can say what it extends",
        "--set 1:1 foo: unknown key | known here: name, extends, model, task, data, method, train, seed, adapter, sweep, on_error, jobs, devices, keep, evaluate",
        "--set 1:6 name: the bracket [ that opens here is not closed | end the list with ]",
        "--set 1:6 jobs: unknown tag: !x; only plain YAML values are allowed",
        "--set 1:18 train.max_length: expected a whole number from 4, found 2",
      ]
    `);
  });
});

describe("paths", () => {
  test("are relative to the file that says them", () => {
    const settings = load(minimal("data: {path: rows.tsv}"), ["model=./here"]).cells[0]?.settings;
    expect(settings?.data.path).toBe(join(folder, "rows.tsv"));
    expect(settings?.model.name).toBe(resolve("here"));
    expect(load(minimal("data: {path: ~/rows.tsv}")).cells[0]?.settings.data.path).toBe(join(homedir(), "rows.tsv"));
    expect(load(minimal("evaluate: {data: bench}"), ["task=prose"]).evaluate?.data).toBe(join(folder, "bench"));
    expect(load(minimal(), ["task=prose", "evaluate.data=bench"]).evaluate?.data).toBe(resolve("bench"));
    expect(load(minimal(), ["model=org/name"]).cells[0]?.settings.model.name).toBe("org/name");
  });
});

test("what the runner needs of the file", () => {
  expect(load(minimal("name: n\njobs: 2\non_error: stop"))).toMatchObject({
    name: "n",
    jobs: 2,
    maxFailures: 1,
    extends: null,
    notes: [],
    document: { task: { name: "toy" }, method: { name: "plain" } },
  });
});

test("evaluate: a stage of the file, with its defaults, and no setting of a run", () => {
  const spec = load(minimal("evaluate: {rows: 50, benchmarks: [mmlu]}"), ["task=prose"]);
  expect(spec.evaluate).toEqual({
    protocol: "instructeval",
    benchmarks: ["mmlu"],
    rows: 50,
    seed: 0,
    data: null,
    batch_tokens: 16384,
    allow_code_execution: false,
    mmlu_none: "None",
  });
  expect(spec.cells[0]?.settings).toEqual(load(minimal(), ["task=prose"]).cells[0]?.settings);
  expect(load(minimal("evaluate: {}"), ["evaluate=null"]).evaluate).toBeNull();
  expect(() => load(minimal("evaluate: {benchmarks: [piqa], row: 5}"))).toThrow(
    /evaluate\.benchmarks\[0\]: .*mmlu[\s\S]*evaluate\.row: unknown key\n.*`rows`/,
  );
});

test("evaluate: only of models that write text; a sweep names every task that gives labels", () => {
  expect(problems(minimal("evaluate: {}\nsweep: {grid: {task: [prose, toy, grade]}}"))).toEqual([
    "4:11 evaluate: benchmarks ask models for text, and the tasks toy, grade give labels | leave it out, or take a task that learns texts: prose",
  ]);
});
