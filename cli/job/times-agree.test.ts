/**
 * The times left that a job tells, over the recorded events of a real one: a grid on two workers, and LoRA, which begins
 * when the first of them is free.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inspectedAs, plannedFrom } from "../plan/fixtures/planned.js";
import { costOf } from "../plan/share-out.js";
import type { WorkerEvent } from "../protocol/messages.js";
import { shippedCatalog } from "../spec/catalog.js";
import { load } from "../spec/fixtures/specs.js";
import { packageFile } from "../spec/package-files.js";
import { createPlain } from "../views/plain.js";
import type { BundleLanes } from "./bundle-lanes.js";
import { JobClock } from "./job-clock.js";
import { JobModel } from "./model.js";

type Recorded = { at: number } & ({ begin: string[] } | { event: WorkerEvent & { cells: string[] } });

const [first = "", ...lines] = readFileSync(packageFile("cli", "job", "fixtures", "two-workers.ndjson"), "utf8")
  .trimEnd()
  .split("\n");
const RUNS: [id: string, label: string][] = JSON.parse(first).runs;
const RECORDED: Recorded[] = lines.map((line) => JSON.parse(line));
const STEPS = 48;

const SPEC = `
model: minilm
task: movie-reviews
method: {name: imlor2c, rank: 2}
train: {num_train_epochs: 4}
sweep:
  grid: {method.merges: 0..1, method.injections: 0..2}
  include: [{label: LoRA, method: {name: lora, rank: 8}}]
`;

/** The cells of the recorded job, with the events that its plan foresaw. */
function cells() {
  return plannedFrom(load(SPEC, [], shippedCatalog()).cells).map((cell, i) => {
    const { merges = 0, injections = 0 } = cell.settings.method as { merges?: number; injections?: number };
    const events = [
      ...Array.from({ length: merges }, (_, n) => ({ epoch: n + 1, key: "merge", probable: true })),
      ...Array.from({ length: injections }, (_, n) => ({ epoch: n + 1, key: "inject", probable: true })),
    ];
    const inspected = inspectedAs({ train_rows: 96, eval_rows: 64, total_steps: STEPS, events });
    const [id, label] = RUNS[i] ?? ["", ""];
    return { ...cell, id, label, inspected };
  });
}

/** Plays the record; `look` is called at every event and twice a second. */
function play(look: (model: JobModel) => void) {
  let at = 0;
  const now = () => at * 1000;
  const all = cells();
  const shares = RECORDED.flatMap((one) => ("begin" in one ? [one.begin] : [])).map((ids) => {
    const own = all.filter(({ id }) => ids.includes(id));
    return { cells: own, key: "", cost: costOf(own) };
  });
  const clock = new JobClock(2, now);
  clock.add(shares);
  const told: string[] = [];
  const plain = createPlain({ write: (line) => told.push(line), now });
  const runs = all.map(({ id, label }) => ({ id, label, totalSteps: STEPS, state: "planned" as const }));
  const model = new JobModel(runs, [plain], clock, now);
  const planned = runs.map((run) => ({ ...run, trainableParameters: 1, headParameters: 1 }));
  plain.begin({ name: "x", experiment: 1, dbPath: "x", cells: planned, invalid: [], jobs: 2, devices: ["cpu"] }, model);
  const bundles = new Map<string, BundleLanes>();
  for (const one of RECORDED) {
    for (; at + 0.5 < one.at; at += 0.5) {
      look(model);
      const left = model.timeLeft();
      if (left) plain.timeLeft?.(left);
    }
    at = one.at;
    if ("begin" in one) {
      const bundle = model.begin(new Map(one.begin.map((id, i) => [id, i])));
      for (const id of one.begin) bundles.set(id, bundle);
    } else {
      const bundle = bundles.get(one.event.cells[0] ?? "");
      if (bundle) model.event(bundle, one.event);
    }
    look(model);
  }
  return { told, end: at, model };
}

test("at no moment is the job's time left less than that of a lane in training", () => {
  let looks = 0;
  const lanesSeen = new Set<number>();
  play((model) => {
    const job = model.timeLeft()?.secondsLeft ?? null;
    for (const lane of model.training().keys()) {
      const own = model.secondsLeft(lane);
      expect(own === null).toBe(job === null);
      if (own === null || job === null) continue;
      looks++;
      lanesSeen.add(lane.number);
      expect(job).toBeGreaterThanOrEqual(own);
    }
  });
  expect([looks > 500, lanesSeen.size]).toEqual([true, 11]);
});

test("the plain lines of it: one for a lane and epoch, one for a change, one for the job every 30 seconds", () => {
  const { told, model, end } = play(() => {});
  const count = (pattern: RegExp) => told.filter((line) => pattern.test(line)).length;
  const evaluated = RECORDED.filter((one) => "event" in one && one.event.type === "metrics").length;
  expect(count(/: epoch [0-9.]+: accuracy /)).toBe(evaluated);
  expect(count(/ (merged|injected), /)).toBe(
    RECORDED.filter((one) => "event" in one && one.event.type === "change").length,
  );
  const progress = told.filter((line) => line.includes("% of the job"));
  expect(progress.length).toBeLessThanOrEqual(end / 30);
  expect(progress.length).toBeGreaterThan(3);
  expect(told.filter((line) => /tokens\/s/.test(line))).toEqual([]);
  expect(count(/: finished: /)).toBe(7); // each lane ends with one run
  expect(model.counts.get("finished")).toBe(7);
});
