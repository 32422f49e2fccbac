import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import yargs, { type CommandModule } from "yargs";
import { EXECUTORS } from "../executors/index.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { resolvePlan } from "../plan/resolve-plan.js";
import { loadSpec } from "../spec/load.js";
import { startChild } from "../store/fixtures/second-process.js";
import { openStore } from "../store/store.js";
import { claimAttempt, endAttempt, registerExperiment } from "../store/write.js";
import { fixture } from "../worker/fixture-worker.js";
import plan from "./plan.js";

const folder = tempFolder();
const file = join(folder, "grid.yaml");
writeFileSync(join(folder, "base.yaml"), "model: minilm\ntask: movie-reviews\nmethod: lora\n");
writeFileSync(file, "extends: base.yaml\nsweep: {grid: {seed: 1..3}}\n");

beforeEach(() => {
  vi.stubEnv("LOR2C_PYTHON", fixture("good.py"));
  vi.stubEnv("LOR2C_CACHE", folder);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function run(...args: string[]): Promise<{ out: string; error: unknown }> {
  let out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const parser = yargs()
    .command(plan as unknown as CommandModule)
    .strict()
    .fail(false);
  const error = await parser.parseAsync(["plan", ...args]).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  vi.restoreAllMocks();
  return { out, error };
}

test("without a database all runs are to run, and no database is made", async () => {
  const db = join(folder, "none.db");
  const { out, error } = await run(file, "--db", db);
  expect(error).toBeUndefined();
  expect(out).toContain(`grid  (${file}, extends ${join(folder, "base.yaml")})`);
  expect(out.match(/ seed=\d +lora +1,000 +20 +9,000 +64 \/ 32 +6 +to run$/gm)).toHaveLength(3);
  expect(out).toMatch(
    /3 runs in 3 bundles: 0 finished, 3 to run\ntime {4}.* a rule of thumb\ndisk {4}.*\nmemory {2}.*\n$/,
  );
  expect(existsSync(db)).toBe(false);
});

test("states come from the database; --json prints all of it", async () => {
  const db = join(folder, "some.db");
  const spec = loadSpec(file);
  const { cells } = await resolvePlan(spec, { executor: EXECUTORS.local({}) });
  const [first, second] = cells;
  if (!first || !second) throw new Error("three cells were expected");
  const store = openStore(db);
  registerExperiment(store, { name: spec.name, specFile: file, specText: spec.text, cells });
  const claim = claimAttempt(store, { runId: first.id, force: false });
  if (!("attemptId" in claim)) throw new Error("the attempt should be ours");
  endAttempt(store, claim.attemptId, "lost", {});
  claimAttempt(store, { runId: second.id, force: false });
  store.close();

  const { out } = await run(file, "--db", db, "--json");
  const json = JSON.parse(out);
  expect(json.runs.map((one: { state: string }) => one.state)).toEqual(["lost", "running", "planned"]);
  expect(json.runs[0]).toMatchObject({ id: first.id, label: "seed=1", axes: { seed: 1 }, trainable_parameters: 1000 });
  const epochs = { first_lanes: 1, lanes: 1, lane_epochs: 3, probable_lane_epochs: 3, cell_epochs: 3 };
  expect(json.bundles).toEqual(cells.map((cell) => ({ runs: [cell.id], ...epochs })));
  const text = (await run(file, "--db", db)).out;
  expect(text).toMatch(/3 runs in 3 bundles: 0 finished, 1 running, 2 to run\ntime {4}about /);
});

test("a run whose process was killed is lost, not running", async () => {
  const db = join(folder, "killed.db");
  const spec = loadSpec(file);
  const { cells } = await resolvePlan(spec, { executor: EXECUTORS.local({}) });
  const store = openStore(db);
  registerExperiment(store, { name: spec.name, specFile: file, specText: spec.text, cells });
  store.close();
  const states = async () =>
    JSON.parse((await run(file, "--db", db, "--json")).out).runs.map((one: { state: string }) => one.state);
  const other = startChild(["claim", db, cells[0]?.id ?? ""]);
  await other.said;
  expect(await states()).toEqual(["running", "planned", "planned"]);
  await other.kill();
  expect(await states()).toEqual(["lost", "planned", "planned"]);
});

test("runs that are not possible are shown as invalid, with the reason", async () => {
  vi.stubEnv("FIXTURE_PROBLEM", "2,3");
  const { out, error } = await run(file);
  expect(error).toBeUndefined();
  expect(out.match(/^- +seed=\d +lora .* invalid$/gm)).toHaveLength(2);
  expect(out).toContain("invalid: the fixture refuses this seed (seed=2, seed=3)\n");
  const json = JSON.parse((await run(file, "--json")).out);
  expect(json.runs).toHaveLength(1);
  expect(json.invalid[0]).toMatchObject({
    label: "seed=2",
    axes: { seed: 2 },
    problems: ["the fixture refuses this seed"],
  });
});

test("a problem that prevents every run is an error with exit code 2", async () => {
  vi.stubEnv("FIXTURE_PROBLEM", "1,2,3");
  const { out, error } = await run(file);
  expect(out).toBe("");
  expect(error).toMatchObject({ exitCode: 2, message: "the fixture refuses this seed (all 3 runs)" });
});

test("an error in the spec is reported before a worker starts", async () => {
  vi.stubEnv("LOR2C_PYTHON", "/nowhere/python");
  expect((await run(file, "--set", "seeed=1")).error).toMatchObject({ code: "SPEC_INVALID" });
  expect((await run(file)).error).toMatchObject({ code: "PYTHON_MISSING" });
});
