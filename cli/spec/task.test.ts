/** `task` may be a name or a mapping, as `model` is. */
import { expect, test } from "vitest";
import { load, minimal, problems } from "./fixtures/specs.js";

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
