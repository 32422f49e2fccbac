import { expect, test } from "vitest";
import { Differences } from "./settings.js";

const text = (method: object, rest = {}) =>
  JSON.stringify({ task: { name: "mrpc" }, method, train: { batch_size: 32 }, ...rest });

test("settings with several values, and those that only some runs have if they differ there", () => {
  const stored = new Map([
    ["a", text({ name: "imlor2c", merges: 0, rules: "paper", targets: ["q"] }, { seed: 1 })],
    ["b", text({ name: "imlor2c", merges: 1, rules: "paper", targets: ["q", "v"] }, { seed: 1 })],
    ["c", text({ name: "lora", rank: 8 }, { seed: null })],
  ]);
  const differences = new Differences();
  const asked: (readonly string[])[] = [];
  const update = (...runs: string[]) =>
    differences.update(runs, (missing) => {
      asked.push(missing);
      return new Map(missing.map((run) => [run, stored.get(run) ?? ""]));
    });
  update("a", "b");
  expect(differences.of("b")).toEqual({ "method.merges": 1, "method.targets": '["q","v"]' });
  const before = differences.of("a");
  update("a", "b");
  expect(differences.of("a")).toBe(before);

  update("a", "b", "c");
  expect(differences.of("a")).toEqual({
    ...{ "method.name": "imlor2c", "method.merges": 0, "method.targets": '["q"]', seed: 1 },
  });
  expect(differences.of("c")).toEqual({ "method.name": "lora", seed: null });
  update("c");
  expect(differences.of("c")).toEqual({});
  expect(asked).toEqual([["a", "b"], ["c"], []]);
});
