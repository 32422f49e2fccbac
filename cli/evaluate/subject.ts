import { UsageError } from "../errors.js";
import { methodTrains, shippedCatalog } from "../spec/catalog.js";
import type { Settings } from "../spec/cell.js";
import { cellResolver } from "../spec/resolve.js";
import { adapterOf, findRun, getAttempt, getSettings, type RunRow } from "../store/read.js";
import { openReader } from "../store/reader.js";
import { namesRun } from "../store/selector-words.js";
import type { Store } from "../store/store.js";

/** What is evaluated, or generates: the adapter of a run, or an untuned model. */
export interface Subject {
  /** Null: an untuned model that is nobody's run. */
  run: string | null;
  /** What people call it: the run's label, or the model's name. */
  label: string;
  model: string;
  /** How the run's prompts were written in training: none, alpaca, chat, or a text with `{prompt}` in it. */
  template: string;
  /** Absolute path of the adapter; null: `settings` name the model. */
  folder: string | null;
  settings: Record<string, unknown> | null;
}

/** Everything that `namesRun` refuses is a model. Throws UsageError if there is no such run. */
export function findSubject(dbPath: string, what: string): Subject {
  if (!namesRun(what)) return untuned(what);
  const store = openReader(dbPath);
  try {
    return subjectOf(store, findRun(store, what));
  } finally {
    store.close();
  }
}

/** The run of an id that is in the database. Throws like `findSubject`. */
export const storedSubject = (store: Store, id: string): Subject => subjectOf(store, findRun(store, id));

/**
 * The different models of runs, untuned, for a plan before there is an adapter. How weights are stored and multiplied
 * changes no prompt and no decoding, so each model is there once.
 */
export function modelsOf(all: readonly Settings[]): Subject[] {
  const models = new Map(
    all.map((settings) => {
      const { name, revision } = settings.model;
      return [
        JSON.stringify([name, revision]),
        untrained(settings, revision === null ? name : `${name} at ${revision}`),
      ];
    }),
  );
  return [...models.values()];
}

/** Throws UsageError if the run is not finished, or its adapter is gone. */
function subjectOf(store: Store, run: RunRow): Subject {
  const attempt = run.attempt_id === null ? undefined : getAttempt(store, run.attempt_id);
  if (run.state !== "finished" || !attempt) {
    throw new UsageError(
      "RUN_NOT_FINISHED",
      `run ${run.id} (${run.label}) is not finished but ${run.state}`,
      "only a finished run has an adapter to evaluate",
    );
  }
  const settings = getSettings(store, run.id) as unknown as Settings;
  const template = templateOf(settings);
  if (!methodTrains(shippedCatalog(), run.method)) return { ...untrained(settings, run.label), run: run.id, template };
  const folder = adapterOf(store, run.id, attempt.id);
  return { run: run.id, label: run.label, model: run.model, template, folder, settings: null };
}

/** Rows whose columns are not named count as prompts with responses, whose default is the Alpaca template. */
function templateOf({ task, data }: Settings): string {
  if (task.name !== "instruct") return task.name === "alpaca" ? "alpaca" : "none";
  return data.template ?? (data.columns?.messages ? "chat" : "alpaca");
}

/**
 * What the evaluations of an untuned model are stored under, of the names `evaluated`. Throws UsageError for none: the name
 * is that of no run and no experiment either.
 */
export function evaluatedModel(name: string, evaluated: readonly string[]): string {
  const model = evaluated.includes(name) ? name : untuned(name).model;
  if (evaluated.includes(model)) return model;
  const hint = evaluated.length === 0 ? "lor2c ls lists the runs" : `models with evaluations: ${evaluated.join(", ")}`;
  throw new UsageError("NOT_EVALUATED", `there is no run, experiment or evaluated model ${name}`, hint);
}

/** A model without an adapter: a packaged name, a name on the hub, or a folder. Throws UsageError for no name. */
function untuned(name: string): Subject {
  const catalog = shippedCatalog();
  // Nothing is trained: only what is said about the model counts, so any task and method fill in the other defaults.
  const document = { model: { name }, task: { name: catalog.tasks[0]?.name }, method: { name: "full" } };
  const { settings, issues } = cellResolver(catalog)(document, []);
  if (settings) return untrained(settings, name);
  const [issue] = issues;
  throw new UsageError(
    "MODEL_UNKNOWN",
    `${name} is neither a run nor a model: ${issue?.message ?? ""}`,
    issue?.hint ?? "a model is a packaged name, a name on the hub, or a folder that begins with ./ or /",
  );
}

/** The model of these settings as it is. */
function untrained(settings: Settings, label: string): Subject {
  const own = { ...settings, method: { name: "none" } };
  return { run: null, label, model: settings.model.name, template: "none", folder: null, settings: own };
}

/** The fields of a command that say what it is about. */
export const subjectFields = ({ folder, settings }: Subject) => ({ folder, settings });
