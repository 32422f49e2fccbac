/** Shipped specs, and odd ones, go into a database and come back with the same ids of runs. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { cellId } from "../plan/cell-id.js";
import type { Settings } from "../spec/cell.js";
import { loadSpec, loadSpecText } from "../spec/load.js";
import { packageFile } from "../spec/package-files.js";
import { sampleCell } from "../store/fixtures/sample.js";
import { getSettings } from "../store/read.js";
import { openStore, type Store } from "../store/store.js";
import { registerExperiment } from "../store/write.js";
import { cloneSpec } from "./clone-spec.js";

let folder: string;
let store: Store;
beforeEach(() => {
  folder = tempFolder();
  mkdirSync(join(folder, "clones"));
  store = openStore(join(folder, "lor2c.db"));
});
afterEach(() => store.close());

/** The worker hashes what is at a path; a hash of the path does here. */
const idOf = (settings: Settings) =>
  cellId(settings, {
    weights: settings.model.name,
    data: String(settings.data.path),
    from: String(settings.train.start_from),
  });
const CLONE = () => join(folder, "clones", "new.yaml");

/** Stores the runs of a spec as `lor2c run` does. Returns their ids and folders. */
function stored(file: string, sets: string[] = []) {
  const spec = loadSpec(file, sets);
  const cells = spec.cells.map(({ settings, label, axes }) => {
    const id = idOf(settings);
    return { ...sampleCell(id, { label }), id, label, axes, settings };
  });
  const { name, text, keep } = spec;
  const plan = {
    keep,
    name,
    specFile: file,
    specText: text,
    sets,
    cells,
    evaluate: spec.evaluate,
    leftOut: spec.leftOut,
  };
  const experiment = registerExperiment(store, plan);
  return { spec, experiment: String(experiment), runs: spec.cells.map(({ settings }) => idOf(settings)) };
}

const runsOf = (text: string, file = CLONE()) => loadSpecText(text, file).cells.map(({ settings }) => idOf(settings));

function write(name: string, text: string): string {
  mkdirSync(join(folder, "specs"), { recursive: true });
  writeFileSync(join(folder, "specs", name), text);
  return join(folder, "specs", name);
}

/** As if the spec's text had been lost. */
const forgetText = () => store.db.prepare("UPDATE experiments SET spec_text = 'task: none'").run();

test.each([
  "quickstart.yaml",
  "glue/mrpc-imlor2c.yaml",
  "own-data/classify.yaml",
  "own-data/instruct.yaml",
  "llama/alpaca-qlora.yaml",
])("%s, from its text and from its settings alone", (name) => {
  const { experiment, runs } = stored(packageFile("configs", name));
  const own = cloneSpec(store, experiment, [], CLONE());
  expect([own.kept, runsOf(own.text)]).toEqual([true, runs]);
  forgetText();
  const made = cloneSpec(store, experiment, [], CLONE());
  expect([made.kept, runsOf(made.text)]).toEqual([false, runs]);
  const one = cloneSpec(store, String(runs.at(-1)), [], CLONE());
  expect(runsOf(one.text)).toEqual(runs.slice(-1));
  expect(one.text).toMatch(/^# yaml-language-server: \$schema=\S+\n# The stored settings of one run, [\s\S]*[^\n]\n$/);
});

test("what is kept comes along, from the text and without it", () => {
  const spec = "model: minilm\ntask: sst2\nmethod: lora\nkeep: {checkpoints: none}\n";
  const { experiment } = stored(write("keep.yaml", spec), ["keep.adapters=best"]);
  const kept = { adapters: "best", checkpoints: "none" };
  const clone = () => cloneSpec(store, experiment, [], CLONE());
  expect([clone().kept, loadSpecText(clone().text, CLONE()).keep]).toEqual([true, kept]);
  forgetText();
  expect([clone().kept, loadSpecText(clone().text, CLONE()).keep]).toEqual([false, kept]);
});

const PATHS = `# my rows
model: ./models/tiny   # a folder
task: {name: classify, labels: [a, b]}
data:
  path: rows
  dev_rows: 0.2
method:
  name: lora
  rank: 8  # not 16
train:
  learning_rate: 1e-3 # as in the paper
evaluate: null
sweep:
  grid:
    seed: [1, 2]
    data.path: [rows, ../other, /absolute, ~/home]
  exclude:
    - {data.path: ../other, seed: 2}
`;

describe("relative paths", () => {
  test("stay right in another folder, in sweeps and in --set; comments stay", () => {
    const { experiment, runs } = stored(write("paths.yaml", PATHS));
    const { text, kept } = cloneSpec(store, experiment, [], CLONE());
    expect(kept).toBe(true);
    expect(runsOf(text)).toEqual(runs);
    expect(text).toContain("# my rows\nmodel: ../specs/models/tiny # a folder\n");
    expect(text).toContain("rank: 8 # not 16");
    const here = relative(process.cwd(), join(folder, "here"));
    const changed = cloneSpec(store, experiment, ["sweep=null", `data.path=${here}`], CLONE());
    expect(loadSpecText(changed.text, CLONE()).cells[0]?.settings.data.path).toBe(join(folder, "here"));
    const printed = cloneSpec(store, experiment, [], null);
    expect(runsOf(printed.text, "<stdin>")).toEqual(runs);
    const beside = cloneSpec(store, experiment, [], join(folder, "specs", "beside.yaml"));
    expect(beside.text).toContain("model: ./models/tiny");
  });

  test("of a spec that another folder's base has, and of the command line of that time", () => {
    write("base.yaml", PATHS);
    mkdirSync(join(folder, "deep"));
    const file = join(folder, "deep", "own.yaml");
    writeFileSync(file, "extends: ../specs/base.yaml\n# mine\nmethod: lor2c\n");
    const { experiment, runs } = stored(file, ["seed=5", "sweep.grid.seed=[5, 6]", "train.max_steps=7"]);
    const { text, kept } = cloneSpec(store, experiment, [], CLONE());
    expect([kept, runsOf(text)]).toEqual([true, runs]);
    expect(text).not.toMatch(/extends|exclude/); // with other seeds the exclude leaves out nothing
    expect(text).toContain("# mine");
    writeFileSync(join(folder, "specs", "base.yaml"), PATHS.replace("1e-3", "2e-3")); // it is another one by now
    const made = cloneSpec(store, experiment, [], CLONE());
    expect([made.kept, runsOf(made.text)]).toEqual([false, runs]);
  });
});

test("--set may narrow the sweep", () => {
  const { experiment, runs } = stored(write("paths.yaml", PATHS));
  const { text } = cloneSpec(store, experiment, ["sweep.grid.seed=[1]"], CLONE());
  expect(runsOf(text)).toEqual(runs.slice(0, 4));
});

test("changes: other runs, the same comments; the name is the new file's, unless it is given", () => {
  const { experiment } = stored(packageFile("configs", "quickstart.yaml"));
  const { text, runs } = cloneSpec(store, experiment, ["method.rank=4", "train.num_train_epochs=1"], CLONE());
  const spec = loadSpecText(text, CLONE());
  expect(spec.name).toBe("new");
  expect(runs).toBe(spec.cells.length);
  for (const { settings } of spec.cells) expect(settings.train.num_train_epochs).toBe(1);
  const before = readFileSync(packageFile("configs", "quickstart.yaml"), "utf8");
  const comments = (whole: string) =>
    whole
      .split("\n")
      .filter((line) => line.startsWith("# "))
      .slice(1);
  expect(comments(text)).toEqual(comments(before));
  const named = cloneSpec(store, experiment, ["name=mine"], CLONE());
  expect(loadSpecText(named.text, CLONE()).name).toBe("mine");
  expect(() => cloneSpec(store, experiment, ["train.learning_rat=1"], CLONE())).toThrow(/--set.*learning_rat/);
  expect(() => cloneSpec(store, experiment, ["train.batch_size=-1"], CLONE())).toThrow(/--set.*batch_size/);
});

test("anchors and aliases keep their values when one is changed", () => {
  const file = write(
    "anchors.yaml",
    "model: minilm\ntask: sst2\nmethod: lora\ntrain: {learning_rate: &rate 1e-3, head_learning_rate: *rate}\n",
  );
  const { experiment, runs } = stored(file);
  expect(runsOf(cloneSpec(store, experiment, [], CLONE()).text)).toEqual(runs);
  const { text } = cloneSpec(store, experiment, ["train={learning_rate: 2e-3, head_learning_rate: 1e-3}"], CLONE());
  const train = loadSpecText(text, CLONE()).cells[0]?.settings.train;
  expect([train?.learning_rate, train?.head_learning_rate]).toEqual([2e-3, 1e-3]);
});

test("a run from before a key was there keeps its id; one whose settings are none any more is refused by name", () => {
  const { runs } = stored(packageFile("configs", "quickstart.yaml"));
  const id = String(runs[0]);
  const { model, ...rest } = getSettings(store, id) as { model: { name: string } };
  const put = (settings: object) =>
    store.db.prepare("UPDATE runs SET settings = ? WHERE id = ?").run(JSON.stringify(settings), id);
  put({ ...rest, model: { name: model.name, revision: null } });
  expect(runsOf(cloneSpec(store, id, [], CLONE()).text)).toEqual([id]);
  put({ ...rest, model, train: { ...(rest as { train: object }).train, gone: 1 } });
  expect(() => cloneSpec(store, id, [], CLONE())).toThrow(/do not make a spec of this lor2c: [\s\S]*train\.gone/);
});
