/** Where workers train. The fixture worker pretends to have GPUs, and obeys CUDA_VISIBLE_DEVICES like CUDA. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { silent } from "../job/fixtures/reporter.js";
import type { JobPlan } from "../job/reporter.js";
import { type RunOptions, runExperiment } from "../job/run.js";
import { specSource } from "../job/source.js";
import { parseDevices } from "../spec/devices.js";
import { getAttempts } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture } from "../worker/fixture-worker.js";

let dbPath: string;
let file: string;
beforeEach(() => {
  const folder = tempFolder();
  dbPath = join(folder, "lor2c.db");
  file = join(folder, "spec.yaml");
  writeFileSync(file, "model: minilm\ntask: movie-reviews\nmethod: lora\nsweep: {grid: {seed: 1..4}}\n");
});

interface Trained {
  plan: JobPlan;
  /** The value of each worker's variable, in the order of the runs. */
  seen: string[];
  /** The most workers that had the same value at the same time. */
  together: number;
}

/** Trains four runs of about a third of a second. */
async function train(env: Record<string, string>, options: Partial<RunOptions> = {}): Promise<Trained> {
  let plan: JobPlan | undefined;
  const reporter = silent({
    begin: (begun) => {
      plan = begun;
    },
  });
  const worker = { commandOverride: [fixture("good.py")], env: { FIXTURE_STEP_SECONDS: "0.05", ...env } };
  const { cells } = await runExperiment({ source: specSource(file), dbPath, reporter, worker, ...options });
  const store = openStore(dbPath, { readonly: true });
  const attempts = cells.map(({ id }) => getAttempts(store, id)[0]);
  store.close();
  const runs = attempts.map((attempt) => {
    const log = readFileSync(join(attempt?.folder ?? "", "worker.log"), "utf8");
    const [, visible = "nothing"] = /CUDA_VISIBLE_DEVICES is (.*)/.exec(log) ?? [];
    return { visible, from: attempt?.started_at ?? "", to: attempt?.ended_at ?? "" };
  });
  const beside = runs.map((run) =>
    runs.filter(({ visible, from, to }) => visible === run.visible && from <= run.from && run.from < to),
  );
  if (!plan) throw new Error("nothing was begun");
  return { plan, seen: runs.map(({ visible }) => visible), together: Math.max(...beside.map(({ length }) => length)) };
}

test("auto is every GPU, one run on each at a time", async () => {
  const { plan, seen, together } = await train({ FIXTURE_GPUS: "2" });
  expect(plan).toMatchObject({ jobs: 2, devices: ["cuda:0", "cuda:1"] });
  expect(seen.slice(0, 2)).toEqual(["0", "1"]);
  expect(new Set(seen)).toEqual(new Set(["0", "1"]));
  expect(together).toBe(1);
});

test("jobs is the number of workers on each device", async () => {
  const { plan, seen, together } = await train({ FIXTURE_GPUS: "2" }, { jobs: 2 });
  expect(plan.jobs).toBe(4);
  expect(seen.toSorted()).toEqual(["0", "0", "1", "1"]);
  expect(together).toBe(2);
});

test("a device's number counts among those that the user left visible", async () => {
  const restricted = { FIXTURE_GPUS: "8", CUDA_VISIBLE_DEVICES: "5, 2,7" };
  // The fixture, like CUDA, does not accept spaces, so its value must have none.
  const { seen } = await train({ ...restricted, CUDA_VISIBLE_DEVICES: "5,2,7" });
  expect(new Set(seen)).toEqual(new Set(["5", "2", "7"]));
  const named = await train(restricted, { devices: ["cuda:1"], force: true });
  expect(named.plan).toMatchObject({ jobs: 1, devices: ["cuda:1"] });
  expect(readAll(named.plan)).toEqual(["2", "2", "2", "2"]);
});

/** The values of the newest attempts. */
function readAll({ cells }: JobPlan): string[] {
  const store = openStore(dbPath, { readonly: true });
  const folders = cells.map(({ id }) => getAttempts(store, id).at(-1)?.folder ?? "");
  store.close();
  return folders.map((folder) => /DEVICES is (.*)/.exec(readFileSync(join(folder, "worker.log"), "utf8"))?.[1] ?? "");
}

test("cpu hides the GPUs; without a GPU nothing is set", async () => {
  const { plan, seen } = await train({ FIXTURE_GPUS: "2" }, { devices: "cpu", jobs: 2 });
  expect(plan).toMatchObject({ jobs: 2, devices: ["cpu"] });
  expect(seen).toEqual(["-1", "-1", "-1", "-1"]);
  const none = await train({ FIXTURE_GPUS: "0" }, { force: true });
  expect(none.plan.devices).toEqual(["cpu"]);
  expect(readAll(none.plan)).toEqual(["None", "None", "None", "None"]);
});

test("the spec's devices are used, unless the command line names others", async () => {
  writeFileSync(file, `${readFileSync(file, "utf8")}devices: [cuda:1]\n`);
  const first = await train({ FIXTURE_GPUS: "2" });
  expect(first.seen).toEqual(["1", "1", "1", "1"]);
  const second = await train({ FIXTURE_GPUS: "2" }, { devices: "auto", force: true });
  expect(second.plan.cells.map(({ id }) => id)).toEqual(first.plan.cells.map(({ id }) => id));
  expect(second.plan.devices).toEqual(["cuda:0", "cuda:1"]);
});

test.each([
  [
    { FIXTURE_GPUS: "2" },
    ["cuda:0", "cuda:2"],
    "no cuda:2 here",
    "cuda:0 (fixture GPU 0), cuda:1 (fixture GPU 1), cpu",
  ],
  [{ FIXTURE_GPUS: "8", CUDA_VISIBLE_DEVICES: "3" }, ["cuda:1"], "no cuda:1 here", "cuda:0 (fixture GPU 3), cpu"],
  [{ FIXTURE_GPUS: "0" }, ["cuda:0"], "no cuda:0 here", "named: cpu"],
])("with %o, %o is a wrong request that names what there is", async (env, devices, message, hint) => {
  const error = await train(env, { devices }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "DEVICE_MISSING", exitCode: 2 });
  expect(error).toMatchObject({ message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
  expect(existsSync(dbPath)).toBe(false);
});

test("--devices", () => {
  expect([parseDevices("auto"), parseDevices("cpu")]).toEqual(["auto", "cpu"]);
  expect(parseDevices("cuda:0, cuda:11")).toEqual(["cuda:0", "cuda:11"]);
  for (const wrong of ["", "gpu", "cuda", "cuda:00", "cuda:0,cuda:0", "cuda:0,cpu", "0"]) {
    expect([wrong, parseDevices(wrong)]).toEqual([wrong, undefined]);
  }
});
