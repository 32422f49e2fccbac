import { type JsonSchema, toJsonSchema } from "./allowed.js";
import { meaningOf, nameableMethods } from "./becomes.js";
import type { Catalog, Method } from "./catalog.js";
import type { Settings } from "./cell.js";
import { dataIssues } from "./data-issues.js";
import { type Issue, issuesOf, type KeyHint } from "./issues.js";
import { keyHints, specJsonSchemaRaw } from "./keys.js";
import { withAnchoredPaths } from "./local-paths.js";
import type { Mapping } from "./merge.js";
import { modelIssues } from "./model-issues.js";
import { methodSchema } from "./parameters.js";
import type { Layer, Path } from "./places.js";
import { CellSchema } from "./schema.js";
import { suggestion } from "./suggest.js";
import { taskIssues, untrainedIssues } from "./task-issues.js";

/** `written`: the method's name in the spec, where it stands for another one (`qlora`). */
export type Resolved =
  | { settings: Settings; written?: string | undefined; issues: [] }
  | { settings: undefined; issues: Issue[] };

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
  const names = nameableMethods(catalog).map(({ name }) => name);
  const models = catalog.models.map(({ name }) => name);

  return (asWritten, layers) => {
    const { document, written, issues: contradictions } = meaningOf(asWritten);
    const checked = CellSchema.safeParse(document);
    const issues = checked.success
      ? contradictions
      : [...contradictions, ...issuesOf(checked.error.issues, spec, document, keyHint)];
    const report = (path: Path, message: string, hint?: string) => issues.push({ path, message, hint, want: "value" });

    const name = (document.method as Mapping | undefined)?.name;
    const method = typeof name === "string" ? methods.get(name) : undefined;
    const schema = method && schemaOf(method);
    const parameters = schema?.safeParse(document.method);
    if (method && parameters && !parameters.success) {
      issues.push(...issuesOf(parameters.error.issues, jsonOf(method), document, keyHint, ["method"]));
    } else if (!method && typeof name === "string" && name !== "") {
      report(["method", "name"], `unknown method "${name}"`, suggestion(name, names));
    }

    issues.push(...taskIssues(document, tasks), ...dataIssues(document.data), ...modelIssues(document.model, models));
    if (method?.trains === false) issues.push(...untrainedIssues(document, tasks));
    if (checked.success) {
      const { report_epoch: fixed, num_train_epochs: epochs } = checked.data.train;
      if (fixed !== null && fixed > epochs) {
        report(["train", "report_epoch"], `is ${fixed}, but the run has ${epochs} epochs`);
      }
    }
    if (!checked.success || !parameters?.success || issues.length > 0) return { settings: undefined, issues };
    const settings: Settings = { ...checked.data, method: parameters.data as Settings["method"] };
    return { settings: withAnchoredPaths(settings, layers), written, issues: [] };
  };
}

function remembered<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}
