/** `task` may be a name or a mapping, as `model` is. */
import { expect, test } from "vitest";
import { folder, load, minimal, problems } from "./fixtures/specs.js";

const tasksOf = (text: string, sets: string[] = []) => load(text, sets).cells.map(({ settings }) => settings.task);
const with_ = (task: string, more = "") => `model: tiny\ntask: ${task}\nmethod: plain\n${more}`;

test("a name is a mapping with defaults", () => {
  expect(tasksOf(minimal())).toEqual([{ name: "toy", labels: null, metrics: null }]);
  expect(tasksOf(with_("{name: toy, labels: [bad, good]}"))).toEqual([
    { name: "toy", labels: ["bad", "good"], metrics: null },
  ]);
});

test("--set changes one key, or the task with all of its keys", () => {
  expect(tasksOf(minimal(), ["task.labels=[a, b]"])).toEqual([{ name: "toy", labels: ["a", "b"], metrics: null }]);
  expect(tasksOf(with_("{name: toy, labels: [a, b]}"), ["task=grade"])).toEqual([
    { name: "grade", labels: null, metrics: null },
  ]);
});

test("a sweep over tasks, and over their keys", () => {
  const tasks = load(minimal("sweep: {grid: {task: [toy, grade]}}"));
  expect(tasks.cells.map(({ label }) => label)).toEqual(["task=toy", "task=grade"]);
  const variants = load(minimal("sweep: {variants: [{task: toy}, {task: grade}]}"));
  expect(variants.cells.map(({ label }) => label)).toEqual(["task=toy", "task=grade"]);
  const labels = load(minimal("sweep: {grid: {task.labels: [[a, b], [b, a]]}}"));
  expect(labels.cells.map(({ label }) => label)).toEqual(["labels=a+b", "labels=b+a"]);
});

test("labels and metrics that cannot be", () => {
  expect(problems(with_("{name: toy, labels: [a, b, a], metrics: [acuracy]}"))).toEqual(
    [
      '2:48 task.metrics[0]: the task toy has no score "acuracy" | did you mean `accuracy`?',
      "2:34 task.labels[2]: is there twice: a",
    ].toSorted(),
  );
  expect(problems(with_("{name: toy, labels: [a]}"))).toHaveLength(1);
  expect(problems(with_("{name: toy, metrics: [accuracy]}", "train: {score: f1}"))).toEqual([
    "4:16 train.score: is f1, which task.metrics leaves out | add it to task.metrics",
  ]);
});

test("labels may be whole numbers; blanks, other kinds and lists of one are refused", () => {
  expect(tasksOf(with_("{name: toy, labels: [0, 1]}"))).toEqual([{ name: "toy", labels: ["0", "1"], metrics: null }]);
  expect(problems(with_('{name: toy, labels: [1, "1"]}'))).toEqual(["2:31 task.labels[1]: is there twice: 1"]);
  expect(problems(with_('{name: toy, labels: ["", a]}'))).toHaveLength(1);
  expect(problems(with_('{name: toy, labels: [" a", b]}'))).toEqual([
    '2:28 task.labels[0]: " a" has blanks around it, which no label has',
  ]);
  expect(problems(with_("{name: toy, labels: [a]}"))[0]).toMatch(/expected a list of at least 2/);
  expect(problems(with_("{name: grade, labels: [a, b]}"))).toEqual([
    "2:29 task.labels: the task grade predicts numbers; it has no labels | leave them out",
  ]);
});

test("names in other letters are suggested", () => {
  expect(problems(with_("TOY"))).toEqual(['2:7 task.name: unknown task "TOY" | did you mean `toy`?']);
  expect(problems(minimal(), ["model=Tiny"])).toEqual([
    '--set 1:7 model.name: unknown model "Tiny" | did you mean `tiny`?',
  ]);
  expect(load(minimal(), ["model=org/Tiny"]).cells[0]?.settings.model.name).toBe("org/Tiny");
});

test("keys of data that exclude each other, and columns that are used twice", () => {
  expect(problems(minimal("data: {dev_rows: 0.2, dev_split: test, path: a, config: b}"))).toEqual([
    "4:18 data.dev_rows: data.dev_rows and data.dev_split are both given; evaluation rows come from one of them | set one to null",
    "4:57 data.config: is of a data set on the hub, and the rows come from data.path | leave it out",
  ]);
  expect(problems(minimal("data: {columns: {text: [a, b, a], text_pair: b, label: c}}"))).toEqual([
    "4:31 data.columns.text[2]: the column a is data.columns.text already",
    "4:46 data.columns.text_pair: the column b is data.columns.text already",
  ]);
  expect(load(minimal("data: {columns: {label: c}}")).cells[0]?.settings.data.columns).toEqual({
    text: null,
    text_pair: null,
    label: "c",
    prompt: null,
    input: null,
    response: null,
    messages: null,
    separator: " ",
  });
});

test("a start from a folder is relative to the spec, one from a run is a name", () => {
  const from = (value: string) => load(minimal(`train: {start_from: ${value}}`)).cells[0]?.settings.train.start_from;
  expect(from("./adapter")).toBe(`${folder}/adapter`);
  expect(from("latest")).toBe("latest");
});
