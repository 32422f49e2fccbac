/** Runs `lor2c stop` and `lor2c retry` beside the job's terminal: real processes and a fixture worker. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { startProgram } from "../fixtures/start-program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { chooseSet, listRuns } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture, until } from "../worker/fixture-worker.js";

let folder: string;
let file: string;
beforeEach(() => {
  folder = tempFolder();
  file = join(folder, "spec.yaml");
  writeFileSync(
    file,
    "name: two\nmodel: minilm\ntask: movie-reviews\nmethod: lora\ntrain: {logging_steps: 1}\njobs: 1\nsweep: {grid: {seed: 1..2}}\n",
  );
});

const lor2c = (args: string[], env: Record<string, string> = {}) =>
  startProgram([...args, "--db", join(folder, "lor2c.db")], { LOR2C_PYTHON: fixture("good.py"), ...env });

const AS_LONG = { FIXTURE_STEPS: "500" };
const SLOW = { FIXTURE_STEP_SECONDS: "0.05", ...AS_LONG };

function states(): Record<string, string> {
  const store = openStore(join(folder, "lor2c.db"), { readonly: true });
  try {
    return Object.fromEntries(listRuns(store).map((run) => [run.label, run.state]));
  } finally {
    store.close();
  }
}

test("stop ends the whole job after its step; the same run continues it; without a job there is nothing to stop", async () => {
  const job = lor2c(["run", file, "--plain"], SLOW);
  await until(() => job.out().includes("training starts"));
  const stop = lor2c(["stop"]);
  expect(await stop.closed).toBe(0);
  const [, step] =
    /seed=1: stopped after step (\d+); `run` goes on from the checkpoint of step \1 of /.exec(stop.out()) ?? [];
  expect(Number(step)).toBeGreaterThan(0);
  expect(await job.closed).toBe(130);
  expect(job.out()).toMatch(
    new RegExp(`  1 run goes on from the checkpoint of step ${step} of [\\d,]+ \\(seed=1\\)\n`),
  );
  expect(job.out()).toContain("  1 run begins (seed=2)\n");
  expect(states()).toEqual({ "seed=1": "stopped", "seed=2": "planned" });

  const again = lor2c(["stop", "two"]);
  expect(await again.closed).toBe(2);
  expect(again.err()).toContain("nothing of two (2 runs) is in training");

  // The request was only for the job that has ended.
  expect(await lor2c(["run", file, "--plain"], AS_LONG).closed).toBe(0);
  expect(states()).toEqual({ "seed=1": "finished", "seed=2": "finished" });
});

test("a run that was stopped before its first step has no checkpoint, and stop, the job and show say so", async () => {
  const job = lor2c(["run", file, "--plain"], { FIXTURE_STEP_SECONDS: "4" });
  await until(() => job.out().includes("training starts"));
  const stop = lor2c(["stop"]);
  expect([await stop.closed, await job.closed]).toEqual([0, 130]);
  expect(stop.out()).toContain("seed=1: stopped after step 0; `run` begins again: no checkpoint was written\n");
  expect(job.out()).toContain("  1 run begins again (seed=1): no checkpoint was written\n");
  const show = lor2c(["show", "@last"]);
  expect(await show.closed).toBe(0);
  expect(show.out()).toMatch(/next +`run` begins again: no checkpoint was written\n/);
});

test("stop of one run lets the job continue with the next", async () => {
  const job = lor2c(["run", file, "--json", "--set", "sweep.grid={seed: 1..2}"], { FIXTURE_WAIT: "1" });
  await until(() => job.out().includes('"metrics"'));
  const stop = lor2c(["stop", "@last", "--json"]);
  expect(await stop.closed).toBe(0);
  expect(JSON.parse(stop.out())).toMatchObject([{ label: "seed=1", state: "stopped" }]);
  expect(await job.closed).toBe(1);
  expect(states()).toEqual({ "seed=1": "stopped", "seed=2": "finished" });
});

test("stop of one run of a bundle leaves the bundle's other runs in training", async () => {
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace("method: lora", "method: imlor2c").replace("seed: 1..2", "method.merges: 0..1"),
  );
  const job = lor2c(["run", file, "--json"], { FIXTURE_WAIT: "merges:0" });
  await until(() => job.out().includes('"metrics"'));
  const [plan] = job
    .out()
    .split("\n")
    .map((line) => line && JSON.parse(line));
  const stop = lor2c(["stop", plan.cells[0].id]);
  expect(await stop.closed).toBe(0);
  expect(await job.closed).toBe(1);
  expect(states()).toEqual({ "merges=0": "stopped", "merges=1": "finished" });
});

test("retry trains what failed, without the spec file, and nothing else", async () => {
  expect(await lor2c(["run", file], { FIXTURE_FAIL: "1" }).closed).toBe(1);
  expect(states()).toEqual({ "seed=1": "failed", "seed=2": "finished" });
  writeFileSync(file, "nothing of it is left");
  const retry = lor2c(["retry", "--json"]);
  expect(await retry.closed).toBe(0);
  const [plan] = retry
    .out()
    .split("\n")
    .map((line) => line && JSON.parse(line));
  expect(plan).toMatchObject({ type: "plan", name: "two", experiment: 1, cells: [{ label: "seed=1" }] });
  expect(states()).toEqual({ "seed=1": "finished", "seed=2": "finished" });

  const again = lor2c(["retry"]);
  expect(await again.closed).toBe(2);
  expect(again.err()).toContain("no run has failed or was lost");
  const named = lor2c(["retry", "two"]);
  expect(await named.closed).toBe(2);
  expect(named.err()).toContain("2 finished");
});

test("retry of runs whose rows or numerics have changed says so and trains nothing", async () => {
  expect(await lor2c(["run", file], { FIXTURE_FAIL: "1" }).closed).toBe(1);
  const retry = lor2c(["retry"], { FIXTURE_FINGERPRINT: "other" });
  expect(await retry.closed).toBe(2);
  expect(retry.err()).toContain("has changed: seed=1");
  const later = lor2c(["retry"], { FIXTURE_NUMERICS: "3" });
  expect(await later.closed).toBe(2);
  expect(later.err()).toContain("planned with numerics 2, and this lor2c has 3");
  expect(states()["seed=1"]).toBe("failed");
});

test("an argument that matches nothing is an error", async () => {
  expect(await lor2c(["run", file]).closed).toBe(0);
  for (const verb of ["stop", "retry"]) {
    const wrong = lor2c([verb, "nonsense"]);
    expect(await wrong.closed).toBe(2);
    expect(wrong.err()).toContain("no experiment has this name or number");
  }
});

test("stop beside a Ctrl-C is no second one: the worker still ends after its step", async () => {
  const job = lor2c(["run", file, "--plain"], { ...SLOW, FIXTURE_STEP_SECONDS: "3" });
  await until(() => job.out().includes("training starts"));
  job.child.kill("SIGINT");
  await until(() => job.out().includes("a second Ctrl-C ends it"));
  const stop = lor2c(["stop"]);
  expect([await stop.closed, await job.closed]).toEqual([0, 130]);
  expect(stop.out()).toMatch(/seed=1: stopped after step/);
  expect(job.out()).not.toContain("ending the workers");
});

test("stop means the experiment that runs, also where a newer one has its name or has a run of it", async () => {
  const job = lor2c(["run", file, "--plain"], SLOW);
  await until(() => job.out().includes("training starts"));
  expect(await lor2c(["run", file, "--set", "sweep.grid={seed: [9]}"]).closed).toBe(0);
  const stop = lor2c(["stop", "two"]);
  expect([await stop.closed, stop.err()]).toEqual([0, expect.stringContaining("asked")]);
  expect(await job.closed).toBe(130);
  expect(states()).toEqual({ "seed=1": "stopped", "seed=2": "planned", two: "finished" });
});

test("stop ends a whole retry, also of an older experiment that shares its runs with a newer one", async () => {
  expect(await lor2c(["run", file], { FIXTURE_FAIL: "1,2" }).closed).toBe(1);
  expect(await lor2c(["run", file, "--set", "sweep.grid={seed: [1]}"], { FIXTURE_FAIL: "1" }).closed).toBe(1);
  const retry = lor2c(["retry", "1", "--plain", "--jobs", "1"], SLOW);
  await until(() => retry.out().includes("training starts"));
  const stop = lor2c(["stop"]);
  expect([await stop.closed, await retry.closed]).toEqual([0, 130]);
  expect(states()).toEqual({ two: "stopped", "seed=2": "failed" });
});

test("a retry that was interrupted goes on with the same command", async () => {
  expect(await lor2c(["run", file], { FIXTURE_FAIL: "1" }).closed).toBe(1);
  const first = lor2c(["retry", "--plain"], SLOW);
  await until(() => first.out().includes("training starts"));
  first.child.kill("SIGINT");
  expect(await first.closed).toBe(130);
  expect(states()["seed=1"]).toBe("stopped");
  expect(await lor2c(["retry"], AS_LONG).closed).toBe(0);
  expect(states()["seed=1"]).toBe("finished");
});

test("what is named decides to which experiment a retry belongs", async () => {
  expect(await lor2c(["run", file, "--set", "sweep.grid={seed: [1]}"], { FIXTURE_FAIL: "1" }).closed).toBe(1);
  expect(await lor2c(["run", file, "--jobs", "2"], { FIXTURE_FAIL: "1,2" }).closed).toBe(1);
  const retry = lor2c(["retry", "1", "--json"]);
  expect(await retry.closed).toBe(0);
  expect(JSON.parse(retry.out().split("\n")[0] ?? "")).toMatchObject({ experiment: 1, cells: [{ label: "two" }] });
  expect(states()).toEqual({ "seed=1": "finished", "seed=2": "failed" });
});

test("a run that stop has ended is not taken over by a job that waited for it", async () => {
  const one = lor2c(["run", file, "--json", "--set", "sweep.grid={seed: [1]}"], SLOW);
  await until(() => one.out().includes('"metrics"'));
  const two = lor2c(["run", file, "--json"]);
  await until(() => two.out().includes('"elsewhere"') && two.out().includes('"finished"'));
  const store = openStore(join(folder, "lor2c.db"), { readonly: true });
  const [run] = chooseSet(store, { fields: { state: "running" } }).runs;
  store.close();
  expect(await lor2c(["stop", run?.id ?? ""]).closed).toBe(0);
  expect([await one.closed, await two.closed]).toEqual([1, 1]);
  expect(states()).toEqual({ "seed=1": "stopped", "seed=2": "finished" });
});
