import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { builtFixture } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { Settings } from "../spec/cell.js";
import { isAlive, startFixture, until } from "./fixture-worker.js";
import { inspect } from "./inspect.js";
import { predictTexts } from "./predict.js";
import { findPython, workerCommand } from "./python.js";
import { request } from "./request.js";

let command: string[] = [];
let folder = "";
beforeAll(async () => {
  command = workerCommand(await findPython());
  folder = tempFolder();
  const words = ["wonderful", "brilliant", "lovely", "dreadful", "boring", "awful"];
  const rows = Array.from({ length: 300 }, (_, i) => {
    const rating = i % 6 < 3 ? 2 : -2;
    return `${i}\t${rating}\tSnippet ${i}: a ${words[i % 6]} picture about the number ${i * 7}`;
  });
  writeFileSync(join(folder, "rows.txt"), `${rows.join("\n")}\n`);
});

function settings(max_steps: number): Settings {
  return {
    model: { name: "minilm", revision: null, dtype: "auto", quantization: "none" },
    task: { name: "movie-reviews", labels: null, metrics: null },
    data: {
      path: join(folder, "rows.txt"),
      hub: null,
      config: null,
      train_split: null,
      dev_split: null,
      dev_rows: null,
      train_rows: null,
      eval_rows: 16,
      split_seed: 0,
      columns: null,
      template: null,
      train_on: "response",
    },
    method: { name: "lora", rank: 2, alpha: 4, dropout: 0, target_modules: ["query", "value"] },
    train: {
      num_train_epochs: 500,
      max_steps,
      batch_size: 4,
      eval_batch_size: 16,
      gradient_accumulation_steps: 1,
      learning_rate: 1e-3,
      head_learning_rate: null,
      warmup_ratio: 0.1,
      warmup_steps: null,
      eval_steps: null,
      tokens_per_batch: null,
      weight_decay: 0,
      adam_beta1: 0.9,
      adam_beta2: 0.999,
      adam_epsilon: 1e-8,
      max_grad_norm: 1,
      max_length: 32,
      precision: "fp32",
      logging_steps: 1,
      score: null,
      max_lanes: "auto",
      bundle: "auto",
      holdout: null,
      report_epoch: null,
      stop_after_nonfinite: 1,
      class_weights: "none",
      early_stopping_patience: null,
      start_from: null,
      checkpoint_minutes: 5,
      gradient_checkpointing: false,
      allow_unreached_events: false,
    },
    seed: 3,
    adapter: { license: null },
  };
}

const training = (steps: number) => ({
  type: "train" as const,
  request: "train",
  cells: [
    {
      cell: "cell",
      settings: { ...settings(steps) },
      fingerprint: {},
      folder: mkdtempSync(join(folder, "attempt-")),
      resume: false,
    },
  ],
  checkpoint: join(folder, "checkpoints"),
  write_checkpoints: true,
  log: null,
});

describe("the bundled worker", { timeout: 120_000 }, () => {
  test("inspects, trains, saves and predicts", async () => {
    const { inspected, ready } = await inspect([{ settings: settings(3) }], request);
    // Only the user's: importing torch sets some more.
    expect(Object.keys(process.env)).toEqual(expect.arrayContaining(Object.keys(ready.variables)));
    expect(inspected[0]?.problems).toEqual([]);
    const { worker, events } = await startFixture("", { commandOverride: command });
    const train = training(3);
    worker.send(train);
    await until(() => events.some((event) => event.type === "done") || worker.state === "ended");
    await worker.stop();
    expect((await worker.closed).protocolError).toBeUndefined();
    expect(events.find((event) => event.type === "failed")).toBeUndefined();
    expect(events.filter((event) => event.type === "metrics" && event.split === "train")).toHaveLength(3);
    expect(events.find((event) => event.type === "started")).toMatchObject({
      trainable_parameters: inspected[0]?.trainable_parameters,
      total_steps: 3,
    });
    expect(events.map(({ type }) => type)).toContain("finished");

    const adapter = join(train.cells[0]?.folder ?? "", "adapter");
    const [prediction] = await predictTexts(adapter, [{ text: "lovely", text_pair: null }], request);
    const shares = Object.values(prediction?.scores ?? {}).map(Number);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
  });

  test("stops after the current step", async () => {
    const { worker, events } = await startFixture("", { commandOverride: command });
    worker.send(training(100_000));
    await until(() => events.some((event) => event.type === "metrics") || worker.state === "ended");
    await worker.stop();
    expect(await worker.closed).toMatchObject({ exitCode: 0, signal: null });
    expect(events).toContainEqual(expect.objectContaining({ type: "stopped", cells: ["cell"] }));
  });

  test("ends on its own, while it trains, when its runner is killed", async () => {
    const log = join(folder, "orphan.log");
    const runner = execa("node", [builtFixture("holds-a-worker"), log, ...command], {
      env: { HOLD_COMMAND: JSON.stringify(training(100_000)) },
      reject: false,
    });
    let out = "";
    runner.stdout.on("data", (bytes) => {
      out += bytes;
    });
    await until(() => out.includes("metrics"));
    const pid = Number(out.split("\n")[0]);
    expect(isAlive(pid)).toBe(true);
    runner.kill("SIGKILL");
    await until(() => !isAlive(pid));
    expect(readFileSync(log, "utf8")).not.toContain("Traceback");
  });
});
