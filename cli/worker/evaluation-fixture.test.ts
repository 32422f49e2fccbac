import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { EvaluationOrder } from "../protocol/evaluation-order.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { startFixture, until } from "./fixture-worker.js";

const EVALUATION = {
  protocol: "instructeval",
  rows: 4,
  seed: 0,
  data: null,
  batch_tokens: 1000,
  allow_code_execution: false,
  mmlu_none: "None",
} as const;

test("the pretend worker plans, scores, goes on after it was killed, and keeps the order", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "weights.json"), "{}");
  const subject = { folder, settings: null };
  const began = await startFixture("good.py", { env: { FIXTURE_EVAL_DIE: "mmlu" } });
  const planned = await answer(began, {
    type: "plan_evaluation",
    request: "plan",
    ...subject,
    evaluation: EVALUATION,
    benchmarks: ["mmlu", "humaneval"],
  });
  const plan = planned.find((event) => event.type === "evaluation_planned") as EventOf<"evaluation_planned">;
  expect(plan.problems).toEqual(["humaneval runs programs that the model writes: it needs --allow-code-execution"]);
  const [mmlu] = plan.benchmarks;
  expect(mmlu).toMatchObject({ benchmark: "mmlu", rows: 4, all_rows: 6, notes: ["4 of 6 rows, drawn with seed 0"] });

  mkdirSync(join(folder, "mmlu"));
  const { data_hash, settings_hash } = mmlu as NonNullable<typeof mmlu>;
  const command: WorkerCommand & { type: "evaluate" } = {
    type: "evaluate",
    request: "evaluate",
    ...subject,
    evaluation: EVALUATION,
    model_hash: plan.model_hash,
    adapter_hash: plan.adapter_hash,
    benchmarks: [{ benchmark: "mmlu", data_hash, settings_hash, folder: join(folder, "mmlu") }],
  };
  const cut = await answer(began, command);
  expect(cut.filter((event) => event.type === "samples")).toHaveLength(3);
  expect(cut.some((event) => event.type === "evaluated")).toBe(false);

  const again = await startFixture("good.py");
  const order = new EvaluationOrder(command);
  const events = await answer(again, command);
  for (const event of events) order.accept(event);
  expect(order.open).toEqual([]);
  const told = events.flatMap((event) => (event.type === "samples" ? [event.items.length] : []));
  expect(told).toEqual([3, 1]); // those of the first worker, and the last row
  expect(readFileSync(join(folder, "mmlu", "samples.jsonl"), "utf8").split("\n")).toHaveLength(5);
  await again.worker.stop();
});

/** Sends a command and waits for its end, or for that of the worker. */
async function answer(
  { worker, events }: Awaited<ReturnType<typeof startFixture>>,
  command: WorkerCommand & { request: string },
): Promise<WorkerEvent[]> {
  const before = events.length;
  worker.send(command);
  await until(() => worker.state === "ended" || events.slice(before).some(({ type }) => type === "done"));
  return events.slice(before);
}
