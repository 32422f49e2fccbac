import { expect, test } from "vitest";
import { sampleEvents as say } from "../store/fixtures/sample.js";
import type { WorkerEvent } from "./messages.js";
import { TrainingOrder } from "./training-order.js";

const A = "a".repeat(16);
const B = "b".repeat(16);
const stopped = (cells: string[], step: number): WorkerEvent => ({ type: "stopped", seq: 9, cells, step });
const done: WorkerEvent = { type: "done", seq: 9, request: "train", error: null, events: 9 };
const log: WorkerEvent = { type: "log", seq: 9, cells: [A], level: "info", message: "" };
/** 188 steps in 2 epochs. */
const begun = say.started([A, B], 2);
const at = (step: number, epoch = 0.5, cells = [A]): WorkerEvent => ({
  ...say.metrics(cells, 9, step, { loss: 1 }),
  epoch,
});

function refusal(events: WorkerEvent[]): string {
  const order = new TrainingOrder([A, B]);
  try {
    for (const event of events) order.accept(event);
  } catch (error) {
    return (error as Error).message;
  }
  return order.open.join();
}

test.each<[string, WorkerEvent[], string | RegExp]>([
  ["nothing has happened", [], `${A},${B}`],
  ["one is over", [begun, at(1), at(1), stopped([A], 1)], B],
  ["both at once", [begun, at(1, 0.1, [A, B]), stopped([A, B], 1), done], ""],
  ["a run that never began stops or fails", [stopped([A, B], 0)], ""],
  ["a line for the log after the outcome", [stopped([A], 0), log], B],
  ["a cell that it was not given", [say.started(["c"], 1)], /started .* for cell c, which it was not given/],
  ["a value before the start", [at(1)], /metrics .* before cell a+ had started/],
  ["finished before the start", [say.finished([A], 9)], /finished .* before cell a+ had started/],
  ["started twice", [begun, begun], /started .* twice for cell a/],
  ["a step back", [begun, at(5), at(4)], /metrics .* of step 4 for cell a+, which was at step 5 already/],
  ["a step beyond the end", [begun, at(189)], /of step 189 for cell a+, whose training has 188/],
  ["an epoch beyond the end", [begun, at(5, 2.1)], /of epoch 2.1 for cell a+, whose training has 2/],
  ["a stop beyond the end", [begun, stopped([A], 189)], /stopped .* of step 189/],
  ["a resume beyond the end", [{ ...begun, resumed_step: 189 } as WorkerEvent], /started .* of step 189/],
  ["a second outcome", [begun, say.finished([A], 3), stopped([A], 4)], /stopped .* after the outcome of cell a/],
  ["a value after the outcome", [begun, say.finished([A], 3), at(9)], /metrics .* after the outcome of cell a/],
  ["done without an outcome", [begun, stopped([A], 1), done], /is done with "train" without an outcome of run b/],
  ["a refusal needs none", [{ ...done, error: "no" } as WorkerEvent], `${A},${B}`],
])("%s", (_, events, expected) => {
  if (typeof expected === "string") expect(refusal(events)).toBe(expected);
  else expect(refusal(events)).toMatch(expected);
});
