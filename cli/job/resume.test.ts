/** The bundled worker is killed in the middle of a bundle; the same runs, bundled in another way, resume from its checkpoint. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { getAttempts, getMetrics } from "../store/read.js";
import { openStore } from "../store/store.js";
import { silent } from "./fixtures/reporter.js";
import { runExperiment } from "./run.js";
import { specSource } from "./source.js";

const WORDS = ["wonderful", "brilliant", "lovely", "dreadful", "boring", "awful"];
const STEPS_PER_EPOCH = 4;

test("kill -9 of the worker after two of four epochs", { timeout: 400_000 }, async () => {
  const folder = tempFolder();
  const rows = Array.from({ length: 100 }, (_, i) => {
    return `${i}\t${i % 6 < 3 ? 2 : -2}\tSnippet ${i}: a ${WORDS[i % 6]} picture about the number ${i * 7}`;
  });
  writeFileSync(join(folder, "rows.txt"), `${rows.join("\n")}\n`);
  const file = join(folder, "spec.yaml");
  const spec = (bundle: string) => [
    "model: minilm",
    "task: movie-reviews",
    "data: {path: ./rows.txt, train_rows: 32, eval_rows: 16}",
    "method: {name: imlor2c, rank: 2, injections: 0}",
    "train: {num_train_epochs: 4, batch_size: 8, max_length: 32, precision: fp32, logging_steps: 1,",
    `        bundle: ${bundle}, checkpoint_minutes: 0.00001}`, // after every step
    "sweep: {grid: {seed: [1, 2]}, zip: {method.merges: [0, 1], train.learning_rate: [4.0e-4, 8.0e-4]}}",
  ];
  const dbPath = join(folder, "lor2c.db");

  let killed = 0;
  const begun: string[][] = [[], []];
  const train = (turn: number, bundle: string) => {
    writeFileSync(file, `${spec(bundle).join("\n")}\n`);
    let pid = 0;
    let cells: string[] = [];
    const reporter = silent({
      begin: (plan) => {
        cells = plan.cells.map(({ id }) => id);
      },
      event: ({ runs }, event) => {
        if (event.type === "ready") pid = event.pid;
        if (event.type === "started") begun[turn]?.push(...runs);
        const late = event.type === "metrics" && event.split === "train" && event.step > 2 * STEPS_PER_EPOCH;
        if (!late || !runs.some((run) => cells.slice(2).includes(run)) || killed > 0) return;
        killed = event.step;
        process.kill(pid, "SIGKILL");
      },
    });
    return runExperiment({ source: specSource(file), dbPath, reporter, jobs: 1 });
  };
  const first = await train(0, "auto");
  expect(first.cells.map(({ state }) => state)).toEqual(["finished", "finished", "lost", "lost"]);
  expect(killed).toBe(2 * STEPS_PER_EPOCH + 1);
  const next = first.cells.map((cell) => cell.next);
  expect(next.slice(0, 2)).toEqual([null, null]);

  const second = await train(1, "schedules");
  expect(second.cells.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
  expect(second.outcome).toBe("finished");
  expect(begun[1]?.toSorted()).toEqual(
    first.cells
      .slice(2)
      .map(({ id }) => id)
      .toSorted(),
  );
  const store = openStore(dbPath, { readonly: true });
  const attempts = second.cells.map(({ id }) => getAttempts(store, id));
  const states = attempts.map((list) => list.map(({ state }) => state));
  expect(states).toEqual([["finished"], ["finished"], ["lost", "finished"], ["lost", "finished"]]);
  const resumed = attempts.map((list) => list.at(-1)?.resumed_step);
  expect(resumed.slice(0, 2)).toEqual([null, null]);
  expect(resumed[2]).toBeGreaterThanOrEqual(2 * STEPS_PER_EPOCH); // the worker may go on until the signal arrives
  expect(resumed[3]).toBe(resumed[2]);
  for (const told of next.slice(2)) {
    expect(told).toEqual({ from: "checkpoint", step: resumed[2], total_steps: 4 * STEPS_PER_EPOCH });
  }
  // The steps before the checkpoint are stored with the new attempt too.
  const losses = getMetrics(store, attempts[3]?.at(-1)?.id ?? 0, { split: "train", name: "loss" });
  expect(losses.map(({ step }) => step)).toEqual(Array.from({ length: 4 * STEPS_PER_EPOCH }, (_, i) => i + 1));
  store.close();
});
