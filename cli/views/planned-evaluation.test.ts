import { expect, test } from "vitest";
import type { PlannedBenchmark } from "../evaluate/report.js";
import { evaluationRequest } from "../spec/evaluate-schema.js";
import { plannedEvaluationLines } from "./planned-evaluation.js";

const bbh = (prompt_tokens: number): PlannedBenchmark[] => [
  {
    ...{ benchmark: "bbh", rows: 4, all_rows: 6, shots: 3, cut_rows: 0, prompt_tokens, max_new_tokens: 32 },
    ...{ decoding: "greedy", metric: "exact prefix", data_hash: "d", settings_hash: "s", notes: ["2 of 27 tasks"] },
  },
];

test("models with equal tables have one, and a table says whose it is where there are several", () => {
  const lines = (models: Record<string, number>) =>
    plannedEvaluationLines(
      {
        request: evaluationRequest({ rows: 4 }),
        models: Object.entries(models).map(([model, tokens]) => ({ model, benchmarks: bbh(tokens) })),
      },
      null,
    );
  const [head = "", ...table] = lines({ one: 10, two: 10 });
  expect(head).toContain("protocol instructeval, rows from the hub");
  expect(table).toEqual([
    "benchmark    rows  shots  prompt tokens  new tokens  decoding",
    "bbh        4 of 6      3             10    32 a row  greedy",
    "bbh: exact prefix",
    "note: bbh: 2 of 27 tasks",
  ]);
  expect(lines({ one: 10, two: 20, three: 10 }).filter((line) => /^\w+(, \w+)*:$/.test(line))).toEqual([
    "one, three:",
    "two:",
  ]);
});
