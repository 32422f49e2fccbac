/** Compares a forecast with measured values: a few steps of the packaged model with the real worker. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { entriesOf } from "../files.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import type { ForecastRow, LiveAttempt, LiveJob } from "../store/read.js";
import {
  experimentCells,
  getAttempts,
  getForecast,
  liveAttempts,
  liveDevices,
  liveJobs,
  measuredTrainings,
} from "../store/read.js";
import { openStore } from "../store/store.js";
import { silent } from "./fixtures/reporter.js";
import type { Lane } from "./lane.js";
import { runExperiment } from "./run.js";
import { specSource } from "./source.js";

const folder = tempFolder();
const dbPath = join(folder, "lor2c.db");
const file = join(folder, "real.yaml");
const rows = Array.from(
  { length: 200 },
  (_, i) => `${i}\t${i % 2 ? 2 : -2}\tSnippet ${i}: a ${i % 2 ? "fine" : "dull"} film`,
);
writeFileSync(join(folder, "rows.txt"), `${rows.join("\n")}\n`);
writeFileSync(
  file,
  `model: minilm
task: movie-reviews
data: {path: ./rows.txt, train_rows: 96, eval_rows: 32}
method: {name: imlor2c, rank: 4, merges: 0, injections: 0}
train: {num_train_epochs: 2, batch_size: 16, max_length: 32, precision: fp32}
jobs: 1
sweep:
  variants: [{seed: 1}, {label: LoRA, method: {name: lora, rank: 4, target_modules: [query]}}]
`,
);

const seen: string[][] = [];
const readings: EventOf<"device_usage">[] = [];
const rowsSeen: { attempts: LiveAttempt[]; jobs: LiveJob[] }[] = [];
beforeAll(async () => {
  const checkpoints = join(folder, "runs", ".checkpoints");
  const states = () => void seen.push(entriesOf(checkpoints).filter((name) => !name.startsWith(".")));
  const event = (_: Lane, one: WorkerEvent) => {
    if (one.type === "device_usage") readings.push(one);
    if (one.type !== "progress" && one.type !== "device_usage") return;
    rowsSeen.push(read((store) => ({ attempts: liveAttempts(store, null), jobs: liveJobs(store, 1) })));
  };
  await runExperiment({ source: specSource(file), dbPath, reporter: silent({ states, event }) });
}, 240_000);

const read = <T>(what: (store: ReturnType<typeof openStore>) => T): T => {
  const store = openStore(dbPath, { readonly: true });
  try {
    return what(store);
  } finally {
    store.close();
  }
};

describe("each run", () => {
  const compared = () =>
    read((store) =>
      experimentCells(store, 1).map(({ run }) => ({
        forecast: getForecast(store, run) as ForecastRow,
        attempt: getAttempts(store, run)[0],
      })),
    );

  test("takes the disk that was forecast, within a tenth", () => {
    expect(compared()).toHaveLength(2);
    for (const { forecast, attempt } of compared()) {
      expect(forecast.disk_bytes / Number(attempt?.disk_bytes)).toBeGreaterThan(0.9);
      expect(forecast.disk_bytes / Number(attempt?.disk_bytes)).toBeLessThan(1.1);
    }
  });
  test("needs memory within the range", () => {
    for (const { forecast, attempt } of compared()) {
      expect(forecast.memory_low).toBeLessThan(Number(attempt?.peak_memory));
      expect(forecast.memory_high).toBeGreaterThan(Number(attempt?.peak_memory));
    }
  });
  test("takes time of the order that was forecast", () => {
    for (const { forecast, attempt } of compared()) {
      expect(forecast.seconds_basis).toBe("rule");
      expect(forecast.seconds / Number(attempt?.total_seconds)).toBeGreaterThan(0.05);
      expect(forecast.seconds / Number(attempt?.total_seconds)).toBeLessThan(20);
    }
  });
});

test("the stored measurement has the parts of the time, and the work that was forecast", () => {
  const trainings = read((store) => measuredTrainings(store));
  expect(trainings).toHaveLength(2);
  for (const training of trainings) {
    const { train_seconds, evaluate_seconds, other_seconds, wall_seconds } = training;
    expect(training).toMatchObject({
      model: "minilm",
      precision: "fp32",
      max_length: 32,
      runs: 1,
      lanes: 1,
      lane_epochs: 2,
    });
    expect(training.train_work).toBeGreaterThan(1e9);
    expect(evaluate_seconds).toBeLessThan(other_seconds);
    expect(train_seconds + other_seconds).toBeLessThan(wall_seconds);
  }
});

test("a checkpoint is deleted when its runs are over, not at the end of the job", () => {
  expect(Math.max(...seen.map((keys) => keys.length))).toBe(1);
});

test("other terminals see the runs in training and the job, and nothing of them afterwards", () => {
  const attempts = rowsSeen.flatMap((rows) => rows.attempts);
  expect(attempts.length).toBeGreaterThan(0);
  for (const { step, total_steps } of attempts) {
    expect(step).toBeLessThanOrEqual(total_steps);
    expect(total_steps).toBe(12);
  }
  const jobs = rowsSeen.flatMap((rows) => rows.jobs);
  expect(jobs.length).toBeGreaterThan(0);
  for (const { fraction } of jobs) expect(fraction).toBeLessThanOrEqual(1);
  expect(read((store) => [liveAttempts(store, null), liveJobs(store, null), liveDevices(store)])).toEqual([[], [], []]);
});

test("a worker tells what its device reports", () => {
  expect(readings.length).toBeGreaterThan(0);
  for (const { device, memory_used, memory_total, utilization } of readings) {
    expect(device).toMatch(/^(cpu|cuda:\d+)$/);
    expect(memory_used).toBeGreaterThan(0);
    expect(memory_used).toBeLessThan(memory_total ?? 0);
    expect(utilization ?? 0).toBeLessThanOrEqual(1);
  }
});
