/** Several runs in one worker: what happens to the others when one fails, and what the same command does next. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { getAttempts, getMetrics } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture } from "../worker/fixture-worker.js";
import { silent } from "./fixtures/reporter.js";
import { type RunOptions, runExperiment } from "./run.js";
import { specSource } from "./source.js";

let folder: string;
let file: string;
beforeEach(() => {
  folder = tempFolder();
  file = join(folder, "spec.yaml");
  write("{method.merges: 0..2}");
});

/** One bundle, which the fixture trains one run after the other. */
function write(grid: string, more = ""): void {
  const text = `name: grid\nmodel: minilm\ntask: movie-reviews\nmethod: imlor2c\nsweep: {grid: ${grid}}\n`;
  writeFileSync(file, `${text}${more}`);
}

async function run(env: Record<string, string> = {}, options: Partial<RunOptions> = {}) {
  const workers = new Set<number>();
  const trained: string[] = [];
  const reporter = silent({
    event: ({ runs }, event) => {
      if (event.type === "ready") workers.add(event.pid);
      if (event.type === "started") trained.push(...runs);
    },
  });
  const worker = { commandOverride: [fixture("good.py")], env };
  const dbPath = join(folder, "lor2c.db");
  const { outcome, cells } = await runExperiment({
    source: specSource(file),
    dbPath,
    reporter,
    worker,
    jobs: 1,
    ...options,
  });
  const store = openStore(dbPath, { readonly: true });
  const attempts = cells.map(({ id }) => getAttempts(store, id));
  const newest = attempts.map((list) => {
    const last = list.at(-1);
    const losses = last ? getMetrics(store, last.id, { split: "train", name: "loss" }).length : 0;
    return { error_type: last?.error_type, message: last?.message, losses };
  });
  store.close();
  return {
    outcome,
    states: cells.map(({ state }) => state),
    workers: workers.size,
    /** Labels of the runs that started. */
    trained: trained.map((id) => cells.find((cell) => cell.id === id)?.label),
    attempts: attempts.map((list) => list.map((attempt) => attempt.state)),
    /** Of the newest attempt of each run. */
    newest,
    resumed: attempts.map((list) => list.at(-1)?.resumed_step),
  };
}

describe("a run that fails inside a bundle", () => {
  test("leaves the others alone; the same command trains only it, from the beginning", async () => {
    const first = await run({ FIXTURE_FAIL: "merges:1" });
    expect(first).toMatchObject({ outcome: "failed", states: ["finished", "failed", "finished"], workers: 1 });
    const again = await run();
    expect(again).toMatchObject({ outcome: "finished", trained: ["merges=1"], resumed: [null, null, null] });
    expect(again.attempts).toEqual([["finished"], ["failed", "finished"], ["finished"]]);
    expect((await run()).trained).toEqual([]);
  });
  test("on_error: stop starts neither the rest of the bundle nor another one", async () => {
    write("{seed: 1..2, method.merges: 0..2}", "on_error: stop\n");
    const env = { FIXTURE_FAIL: "merges:1", FIXTURE_STEP_SECONDS: "0.1" };
    const first = await run(env);
    expect(first.outcome).toBe("failed");
    expect(first.states).toEqual(["finished", "failed", "stopped", "skipped", "skipped", "skipped"]);
    const again = await run();
    expect(again.outcome).toBe("finished");
    expect(again.trained).toHaveLength(5);
    expect(again.attempts[0]).toEqual(["finished"]);
  });
  test("on_error: stop does not interrupt runs in training", async () => {
    write("{seed: 1..2}", "on_error: stop\n");
    const first = await run({ FIXTURE_FAIL: "1", FIXTURE_STEP_SECONDS: "0.1" }, { jobs: 2 });
    expect(first.states).toEqual(["failed", "finished"]);
  });
});

describe("a run that diverges", () => {
  test.each([
    ["beside others that train with it", { FIXTURE_TOGETHER: "1" }],
    ["before others", {}],
  ])("ends alone %s; its worker goes on, also with the next bundle", async (_, env) => {
    write("{seed: 1..2, method.merges: 0..2}");
    const first = await run({ FIXTURE_DIVERGE: "merges:1", ...env });
    const states = ["finished", "failed", "finished"];
    expect(first).toMatchObject({ outcome: "failed", states: [...states, ...states], workers: 1 });
    const [whole, diverged] = first.newest;
    expect(whole).toMatchObject({ error_type: null, losses: 6 });
    expect(diverged).toMatchObject({
      error_type: "Diverged",
      message: "the loss was not finite from step 1 on",
      losses: 1,
    });
  });
});

test("the unfinished runs of a worker that dies are lost; the same command resumes from its checkpoint", async () => {
  const first = await run({ FIXTURE_DIE: "merges:1" });
  expect(first).toMatchObject({ outcome: "failed", states: ["finished", "lost", "lost"] });
  const again = await run();
  expect(again).toMatchObject({ outcome: "finished", trained: ["merges=1", "merges=2"], resumed: [null, 2, null] });
  expect(again.attempts).toEqual([["finished"], ["lost", "finished"], ["lost", "finished"]]);
});

test("out of memory resumes from a checkpoint too; --force starts from the beginning", async () => {
  expect((await run({ FIXTURE_OOM: "merges:1" })).states).toEqual(["finished", "out_of_memory", "finished"]);
  expect((await run()).resumed).toEqual([null, 2, null]);
  expect((await run({ FIXTURE_OOM: "merges:1" }, { force: true })).resumed).toEqual([null, null, null]);
});

test("an enlarged grid trains only new runs, a smaller one none", async () => {
  write("{method.merges: 0..1, method.injections: 0..1}");
  expect((await run()).trained).toHaveLength(4);
  write("{method.merges: 0..2, method.injections: 0..1}");
  const larger = await run();
  expect(larger.trained).toEqual(["merges=2 injections=0", "merges=2 injections=1"]);
  expect(larger.attempts).toEqual(Array(6).fill(["finished"]));
  write("{method.merges: [0, 2], method.injections: 0..1}");
  expect(await run()).toMatchObject({ outcome: "finished", trained: [], states: Array(4).fill("finished") });
});
