import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EvaluationOrder } from "./evaluation-order.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "./messages.js";

function example(name: string): never {
  return JSON.parse(readFileSync(join(import.meta.dirname, "examples", `${name}.json`), "utf8")) as never;
}

const command: Extract<WorkerCommand, { type: "evaluate" }> = example("evaluate");
const [item] = (example("samples") as EventOf<"samples">).items;
const samples = (...rows: string[]): WorkerEvent => ({
  ...(example("samples") as EventOf<"samples">),
  items: rows.map((row) => ({ ...(item as NonNullable<typeof item>), row })),
});
const evaluated = (rows: number, change: Partial<EventOf<"evaluated">> = {}): WorkerEvent => ({
  ...(example("evaluated") as EventOf<"evaluated">),
  rows,
  ...change,
});
const at = (rows: number, total = 9): WorkerEvent => ({
  ...(example("evaluating") as EventOf<"evaluating">),
  rows,
  total,
});
const done = (error: string | null = null): WorkerEvent => ({
  type: "done",
  seq: 9,
  request: "evaluate-1",
  error,
  events: 9,
});

function refusal(events: (WorkerEvent | "stop")[]): string {
  const order = new EvaluationOrder(command);
  try {
    for (const event of events) {
      if (event === "stop") order.stopped();
      else order.accept(event);
    }
  } catch (error) {
    return (error as Error).message;
  }
  return order.open.join();
}

test.each<[string, (WorkerEvent | "stop")[], string | RegExp]>([
  ["nothing has happened", [], "mmlu"],
  ["rows, then the result", [at(1), samples("a"), at(2), samples("b"), evaluated(2), done()], ""],
  ["a refusal leaves it open", [done("no such folder")], "mmlu"],
  ["after a stop it stays open", [samples("a"), "stop", done()], "mmlu"],
  ["done without a result", [samples("a"), done()], /is done with "evaluate-1" without a result of mmlu/],
  ["a row that is never told", [samples("a"), evaluated(2)], /evaluated .* of 2 rows of mmlu, of which it told 1/],
  ["a row again", [samples("a", "b"), samples("a")], /samples .* of row a of mmlu again/],
  ["going back", [at(5), at(4)], /of row 4 of mmlu, which was at row 5 already/],
  ["beyond the end", [at(10)], /of row 10 of 9 of mmlu/],
  ["a second result", [samples("a"), evaluated(1), evaluated(1)], /evaluated .* after the result of mmlu/],
  ["another benchmark", [{ ...at(1), benchmark: "bbh" } as WorkerEvent], /for bbh, which it was not asked for/],
  ["other rows", [samples("a"), evaluated(1, { data_hash: "x" })], /with data_hash x, not 77aa as planned/],
  ["another adapter", [samples("a"), evaluated(1, { adapter_hash: null })], /with adapter_hash null, not 9ad3/],
  [
    "another protocol",
    [samples("a"), evaluated(1, { protocol: "lm-eval" })],
    /with protocol lm-eval, not instructeval/,
  ],
])("%s", (_, events, expected) => {
  if (typeof expected === "string") expect(refusal(events)).toBe(expected);
  else expect(refusal(events)).toMatch(expected);
});
