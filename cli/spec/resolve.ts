import { type JsonSchema, toJsonSchema } from "./allowed.js";
import type { Catalog, Method } from "./catalog.js";
import type { Settings } from "./cell.js";
import { type Issue, issuesOf, type KeyHint } from "./issues.js";
import { keyHints, specJsonSchemaRaw } from "./keys.js";
import { withAnchoredPaths } from "./local-paths.js";
import type { Mapping } from "./merge.js";
import { methodSchema } from "./parameters.js";
import type { Layer, Path } from "./places.js";
import { CellSchema } from "./schema.js";
import { suggestion } from "./suggest.js";

export type Resolved = { settings: Settings; issues: [] } | { settings: undefined; issues: Issue[] };

/** Checks one cell's document against the schema and the catalog and fills in every default. */
export function cellResolver(catalog: Catalog): (document: Mapping, layers: readonly Layer[]) => Resolved {
  const spec = specJsonSchemaRaw();
  // Made on demand: most specs name one of many methods, and have no unknown key.
  let hint: KeyHint | undefined;
  const keyHint: KeyHint = (path, siblings) => {
    hint ??= keyHints(catalog);
    return hint(path, siblings);
  };
  const methods = new Map(catalog.methods.map((method) => [method.name, method]));
  const schemaOf = remembered((method: Method) => methodSchema(method));
  const jsonOf = remembered((method: Method): JsonSchema => {
    return { ...spec, properties: { ...spec.properties, method: toJsonSchema(schemaOf(method)) } };
  });
  const tasks = new Map(catalog.tasks.map((task) => [task.name, task]));

  return (document, layers) => {
    const checked = CellSchema.safeParse(document);
    const issues = checked.success ? [] : issuesOf(checked.error.issues, spec, document, keyHint);
    const report = (path: Path, message: string, hint?: string) => issues.push({ path, message, hint, want: "value" });

    const name = (document.method as Mapping | undefined)?.name;
    const method = typeof name === "string" ? methods.get(name) : undefined;
    const schema = method && schemaOf(method);
    const parameters = schema?.safeParse(document.method);
    if (method && parameters && !parameters.success) {
      issues.push(...issuesOf(parameters.error.issues, jsonOf(method), document, keyHint, ["method"]));
    } else if (!method && typeof name === "string" && name !== "") {
      report(["method", "name"], `unknown method "${name}"`, suggestion(name, [...methods.keys()]));
    }

    const named = (document.task as Mapping | undefined)?.name;
    const task = typeof named === "string" ? tasks.get(named) : undefined;
    if (!task && typeof named === "string" && named !== "") {
      report(["task", "name"], `unknown task "${named}"`, suggestion(named, [...tasks.keys()]));
    }
    if (task) {
      const { metrics, labels } = document.task as Mapping;
      const { score } = (document.train ?? {}) as Mapping;
      for (const problem of metricProblems(task, { metrics, score })) report(...problem);
      for (const [i, label] of listOf(labels).entries()) {
        if (listOf(labels).indexOf(label) < i) report(["task", "labels", i], `is there twice: ${String(label)}`);
      }
    }
    if (checked.success) {
      const { report_epoch: fixed, num_train_epochs: epochs } = checked.data.train;
      if (fixed !== null && fixed > epochs) {
        report(["train", "report_epoch"], `is ${fixed}, but the run has ${epochs} epochs`);
      }
    }
    const data = document.data as Mapping | null | undefined;
    if (typeof data?.path === "string" && typeof data.hub === "string") {
      report(["data", "hub"], "data.path and data.hub are both given; rows come from one of them", "set one to null");
    }

    if (!checked.success || !parameters?.success || issues.length > 0) return { settings: undefined, issues };
    const settings: Settings = { ...checked.data, method: parameters.data as Settings["method"] };
    return { settings: withAnchoredPaths(settings, layers), issues: [] };
  };
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Scores that the task does not have, or that `task.metrics` leaves out. */
function metricProblems(
  task: Catalog["tasks"][number],
  { metrics, score }: Mapping,
): [path: Path, message: string, hint?: string][] {
  const problems: [Path, string, string?][] = [];
  for (const [i, metric] of listOf(metrics).entries()) {
    if (typeof metric !== "string" || metric === "") continue; // the schema has reported it
    const path = ["task", "metrics", i];
    const known = task.scores.includes(metric);
    if (!known)
      problems.push([path, `the task ${task.name} has no score "${metric}"`, suggestion(metric, task.scores)]);
    else if (listOf(metrics).indexOf(metric) < i) problems.push([path, `is there twice: ${metric}`]);
  }
  if (typeof score !== "string" || score === "") return problems;
  const path = ["train", "score"];
  if (!task.scores.includes(score)) {
    problems.push([path, `the task ${task.name} has no score "${score}"`, suggestion(score, task.scores)]);
  } else if (Array.isArray(metrics) && !metrics.includes(score)) {
    problems.push([path, `is ${score}, which task.metrics leaves out`, "add it to task.metrics"]);
  }
  return problems;
}

function remembered<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}
