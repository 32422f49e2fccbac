import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { Settings } from "../spec/cell.js";
import { sampleSettings } from "../store/fixtures/sample.js";
import { storedRun } from "../store/fixtures/stored-run.js";
import { evaluatedModel, findSubject } from "./subject.js";

const RUN = "a".repeat(16);
const { data, task } = sampleSettings();
const of = (name: string, rows: Partial<Settings["data"]> = {}): Partial<Settings> => ({
  task: { ...task, name },
  data: { ...data, ...rows },
});

test.each([
  [of("alpaca"), "alpaca"],
  [of("instruct"), "alpaca"],
  [of("instruct", { columns: { messages: "turns" } as Settings["data"]["columns"] }), "chat"],
  [of("instruct", { template: "Q: {prompt}\nA:" }), "Q: {prompt}\nA:"],
  [of("movie-reviews"), "none"],
])("a run is asked as it was trained: %#", (settings, template) => {
  const folder = tempFolder();
  storedRun(folder, RUN, join(folder, "runs", RUN, "attempt-1", "adapter"), settings);
  expect(findSubject(join(folder, "lor2c.db"), RUN).template).toBe(template);
});

test("a word that is neither a run, an experiment nor a model with scores is called that", () => {
  const refused = (evaluated: string[], hint: string) =>
    expect(() => evaluatedModel("nope", evaluated)).toThrow(
      expect.objectContaining({ message: "there is no run, experiment or evaluated model nope", hint }),
    );
  refused([], "lor2c ls lists the runs");
  refused(["minilm"], "models with evaluations: minilm");
});
