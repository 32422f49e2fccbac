/** Other commands change the database while a job works on it: they remove its runs, or ask it to end. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { getAttempts, getForecast, getRun, listRuns } from "../store/read.js";
import { openStore, type Store } from "../store/store.js";
import { removeRuns, requestExperimentStop } from "../store/write.js";
import { fixture } from "../worker/fixture-worker.js";
import { silent } from "./fixtures/reporter.js";
import { retrySource } from "./retry-source.js";
import { type RunOptions, runExperiment } from "./run.js";
import type { RunState } from "./run-state.js";
import { specSource } from "./source.js";

let dbPath: string;
let file: string;
beforeEach(() => {
  const folder = tempFolder();
  dbPath = join(folder, "lor2c.db");
  file = join(folder, "spec.yaml");
  const spec = "name: two\nmodel: minilm\ntask: movie-reviews\nmethod: lora\njobs: 1\nsweep: {grid: {seed: 1..2}}\n";
  writeFileSync(file, spec);
});

/** Like another command, over its own connection. */
function withStore<T>(work: (store: Store) => T): T {
  const store = openStore(dbPath);
  try {
    return work(store);
  } finally {
    store.close();
  }
}

/** Trains two runs, one after the other; calls `meanwhile` with each of their states. */
async function job(meanwhile: (run: string, state: RunState) => void, options: Partial<RunOptions> = {}) {
  const reporter = silent({
    states: (runs, state) => {
      for (const run of runs) meanwhile(run, state);
    },
  });
  const worker = { commandOverride: [fixture("good.py")] };
  const spec = { source: specSource(file), dbPath, reporter, worker };
  const { outcome, cells, notes } = await runExperiment({ ...spec, ...options });
  return { outcome, notes, states: cells.map(({ state }) => state), runs: cells.map(({ id }) => id) };
}

/** All runs of the spec but this one. */
const others = (store: Store, run: string): string[] => listRuns(store).flatMap(({ id }) => (id === run ? [] : [id]));

const REMOVED = "1 run was removed from the database while this job ran";

test("a run that is removed before its turn is left out, and the others are trained", async () => {
  const { outcome, states, notes } = await job((run, state) => {
    if (state === "running") withStore((store) => removeRuns(store, others(store, run)));
  });
  expect([outcome, states]).toEqual(["failed", ["finished", "skipped"]]);
  expect(notes).toContain(REMOVED);
});

test("a run that is removed after it was trained is reported, and the summary has the others", async () => {
  const { outcome, states, notes } = await job((run, state) => {
    const finished = (store: Store) => others(store, run).filter((id) => getRun(store, id)?.state === "finished");
    if (state === "running") withStore((store) => removeRuns(store, finished(store)));
  });
  expect([outcome, states]).toEqual(["failed", ["skipped", "finished"]]);
  expect(notes).toContain(REMOVED);
});

test("a run that is removed while its retry is planned has no forecast and breaks nothing", async () => {
  const worker = { commandOverride: [fixture("good.py")], env: { FIXTURE_FAIL: "1,2" } };
  await runExperiment({ source: specSource(file), dbPath, reporter: silent(), worker });
  const source = retrySource({ dbPath, what: [], fromScratch: false });
  let gone = "";
  const { states, notes } = await job(() => {}, {
    source,
    approve: async ({ todo }) => {
      gone = todo[0]?.id ?? "";
      withStore((store) => removeRuns(store, [gone]));
      return [];
    },
  });
  expect(states).toEqual(["skipped", "finished"]);
  expect(notes).toContain(REMOVED);
  expect(withStore((store) => getForecast(store, gone))).toBeUndefined();
});

test("after a request to end the job nothing more starts, not even at once", async () => {
  const { outcome, states, runs } = await job((_, state) => {
    if (state === "finished") withStore((store) => requestExperimentStop(store, 1));
  });
  expect([outcome, states]).toEqual(["interrupted", ["finished", "planned"]]);
  expect(withStore((store) => getAttempts(store, runs[1] ?? ""))).toEqual([]);
});
