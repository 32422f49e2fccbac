/** What the catalog knows to be wrong with a task, its labels and its metrics. */
import type { Catalog } from "./catalog.js";
import type { Settings } from "./cell.js";
import type { Issue } from "./issues.js";
import { isMapping, type Mapping } from "./merge.js";
import type { Path } from "./places.js";
import { suggestion } from "./suggest.js";

type Task = Catalog["tasks"][number];

export function taskIssues(document: Mapping, tasks: ReadonlyMap<string, Task>): Issue[] {
  const task = isMapping(document.task) ? document.task : {};
  if (typeof task.name !== "string" || task.name === "") return []; // the schema has reported it
  const known = tasks.get(task.name);
  if (!known) {
    const hint = suggestion(task.name, [...tasks.keys()]);
    return [issue(["task", "name"], `unknown task "${task.name}"`, hint)];
  }
  const score = isMapping(document.train) ? document.train.score : undefined;
  return [...labelIssues(task.labels, known), ...metricIssues(task.metrics, score, known)];
}

/** What does not go with a method that trains nothing. */
export function untrainedIssues(document: Mapping, tasks: ReadonlyMap<string, Task>): Issue[] {
  const found: Issue[] = [];
  const task = isMapping(document.task) ? tasks.get(String(document.task.name)) : undefined;
  if (task && task.kind !== "language_model") {
    const why = `nothing trains, and a new head for ${task.name} would be random numbers`;
    found.push(issue(["method"], why, `take a task that learns texts: ${textTasks([...tasks.values()]).join(", ")}`));
  }
  const start = isMapping(document.train) ? document.train.start_from : undefined;
  if (typeof start === "string") {
    found.push(issue(["train", "start_from"], "nothing trains, so there is nothing to start with", "leave it out"));
  }
  return found;
}

const textTasks = (tasks: readonly Task[]): string[] =>
  tasks.flatMap(({ name, kind }) => (kind === "language_model" ? [name] : []));

function labelIssues(labels: unknown, task: Task): Issue[] {
  if (!Array.isArray(labels)) return [];
  const path: Path = ["task", "labels"];
  if (task.kind !== "classify") {
    const what = task.kind === "regress" ? "predicts numbers" : "learns texts";
    return [issue(path, `the task ${task.name} ${what}; it has no labels`, "leave them out")];
  }
  const names = labels.map(String);
  return names.flatMap((name, i) => {
    if (names.indexOf(name) < i) return [issue([...path, i], `is there twice: ${name}`)];
    // Labels of rows are read without the blanks around them.
    if (name !== name.trim()) return [issue([...path, i], `"${name}" has blanks around it, which no label has`)];
    return [];
  });
}

/** Scores that the task does not have, or that `task.metrics` leaves out. */
function metricIssues(metrics: unknown, score: unknown, task: Task): Issue[] {
  const listed: unknown[] = Array.isArray(metrics) ? metrics : [];
  const unknown = (path: Path, name: string) =>
    issue(path, `the task ${task.name} has no score "${name}"`, suggestion(name, task.scores));
  const found = listed.flatMap((name, i) => {
    if (typeof name !== "string" || name === "") return []; // the schema has reported it
    const path = ["task", "metrics", i];
    if (!task.scores.includes(name)) return [unknown(path, name)];
    return listed.indexOf(name) < i ? [issue(path, `is there twice: ${name}`)] : [];
  });
  if (typeof score !== "string" || score === "") return found;
  const path = ["train", "score"];
  if (!task.scores.includes(score)) return [...found, unknown(path, score)];
  if (!Array.isArray(metrics) || metrics.includes(score)) return found;
  return [...found, issue(path, `is ${score}, which task.metrics leaves out`, "add it to task.metrics")];
}

/** A problem with `evaluate` if one of the cells trains a model that gives labels instead of text. */
export function unscorable(cells: Iterable<{ settings: Settings }>, { tasks }: Catalog): Issue[] {
  const texts = new Set(textTasks(tasks));
  const names = new Set([...cells].map(({ settings }) => settings.task.name).filter((name) => !texts.has(name)));
  if (names.size === 0) return [];
  const many = names.size > 1;
  const whose = `the task${many ? "s" : ""} ${[...names].join(", ")} ${many ? "give" : "gives"} labels`;
  const hint = `leave it out, or take a task that learns texts: ${[...texts].join(", ")}`;
  return [issue(["evaluate"], `benchmarks ask models for text, and ${whose}`, hint)];
}

const issue = (path: Path, message: string, hint?: string): Issue => ({ path, message, hint, want: "value" });
