import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { silent } from "../job/fixtures/reporter.js";
import { Interrupts } from "../job/interrupt.js";
import { runExperiment } from "../job/run.js";
import { specSource } from "../job/source.js";
import { adapterFolder } from "../predict/adapter-folder.js";
import { getAttempts, listRuns } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture, isAlive } from "../worker/fixture-worker.js";
import { type VerifyOptions, verifyRun } from "./verify.js";

const worker = (env: Record<string, string> = {}) => ({ commandOverride: [fixture("good.py")], env });
let dbPath: string;
let file: string;

const shared = tmpdir();

beforeEach(() => {
  process.env.TMPDIR = shared;
  const folder = tempFolder();
  process.env.TMPDIR = folder; // what is left there is counted, and other test files verify at the same time
  dbPath = join(folder, "lor2c.db");
  file = join(folder, "spec.yaml");
  writeFileSync(file, "model: minilm\ntask: movie-reviews\nmethod: lora\nseed: 4\ntrain: {logging_steps: 1}\n");
});

const train = (env: Record<string, string> = {}) =>
  runExperiment({ source: specSource(file), dbPath, reporter: silent(), worker: worker(env) });
const verify = (env: Record<string, string> = {}, options: Partial<VerifyOptions> = {}) =>
  verifyRun({ dbPath, selector: "@last", worker: worker(env), ...options });
const temporaryFolders = () => readdirSync(tmpdir()).filter((name) => /^lor2c-verify-[^t]/.test(name)).length;

test("the same training gives the same values, and leaves the stored run and the disk alone", async () => {
  const { cells } = await train();
  const before = temporaryFolders();
  let pid = 0;
  const listener = silent({
    event: (_, event) => {
      if (event.type === "ready") pid = event.pid;
    },
  });
  const result = await verify({}, { listener });
  expect([pid > 0, isAlive(pid)]).toEqual([true, false]);
  expect(result).toMatchObject({ run: cells[0]?.id, same: true, differences: [], notes: [] });
  expect(result.basis).toEqual({ tolerance: { losses: 0, scores: 0 }, why: "on the same device (fixture)" });
  expect(result.compared).toBe(6 * 2 + 2); // loss and learning rate of six steps, accuracy and loss of the evaluation
  expect(temporaryFolders()).toBe(before);
  const store = openStore(dbPath, { readonly: true });
  expect(listRuns(store)).toHaveLength(1);
  expect(getAttempts(store, cells[0]?.id ?? "")).toHaveLength(1);
  store.close();
});

test("a drifted value is shown with its step, its name and both values; a tolerance forgives it", async () => {
  await train();
  const { same, differences } = await verify({ FIXTURE_DRIFT: "0.001" });
  expect(same).toBe(false);
  expect(differences).toHaveLength(1);
  expect(differences[0]).toMatchObject({ step: 4, split: "train", name: "loss" });
  expect((differences[0]?.again ?? 0) - (differences[0]?.stored ?? 0)).toBeCloseTo(0.001, 9);
  expect((await verify({ FIXTURE_DRIFT: "0.001" }, { tolerance: 0.01 })).same).toBe(true);
});

test("a value that is not finite equals only itself; a missing step is a difference", async () => {
  await train({ FIXTURE_NAN: "4" });
  expect((await verify({ FIXTURE_NAN: "4" })).same).toBe(true);
  const { differences } = await verify();
  expect(differences[0]).toMatchObject({ step: 3, name: "loss", stored: null });
  const longer = await verify({ FIXTURE_STEPS: "7", FIXTURE_NAN: "4" });
  expect(longer.differences.map(({ step, stored }) => [step, stored])).toContainEqual([7, undefined]);
});

test("a run that cannot be compared is a usage error", async () => {
  await train({ FIXTURE_FAIL: "4" });
  await expect(verify()).rejects.toMatchObject({ code: "RUN_NOT_FINISHED", exitCode: 2 });
  await train();
  await expect(verify({ FIXTURE_FINGERPRINT: "zz" })).rejects.toMatchObject({
    code: "CANNOT_COMPARE",
    exitCode: 2,
    message: expect.stringContaining("data: was aa, is zz"),
  });
  await expect(verify({ FIXTURE_PROBLEM: "4" })).rejects.toMatchObject({ code: "CANNOT_COMPARE", exitCode: 2 });
});

test("without a value that both trainings have there is nothing to compare, which is neither same nor different", async () => {
  const cannot = (message: RegExp) => ({
    code: "CANNOT_COMPARE",
    exitCode: 2,
    message: expect.stringMatching(message),
  });
  const change = (sql: string) => {
    const store = openStore(dbPath);
    store.write(() => store.prepare(sql).run());
    store.close();
  };
  await train();
  change("UPDATE metrics SET step = step + 1000");
  await expect(verify()).rejects.toMatchObject(cannot(/it measured nothing that is stored of it/));
  change("DELETE FROM metrics");
  // known before anything is trained
  await expect(verify({ FIXTURE_FAIL: "4" })).rejects.toMatchObject(cannot(/none of its losses and scores is stored/));
});

test("a run of other numerics is no comparison; the error says what to do", async () => {
  await train({ FIXTURE_NUMERICS: "1" });
  const error = await verify().catch((one: unknown) => one);
  expect(error).toMatchObject({ code: "CANNOT_COMPARE", exitCode: 2 });
  expect((error as Error).message).toMatch(/was trained with numerics 1, and this lor2c has 2/);
  expect((error as { hint: string }).hint).toMatch(/^run it again \(lor2c run SPEC .* or verify it with lor2c [\d.]+/);
  await train();
  expect((await verify()).same).toBe(true);
});

test("a training that fails this time is an error with the worker's last lines", async () => {
  await train();
  await expect(verify({ FIXTURE_DIE: "4" })).rejects.toMatchObject({
    code: "VERIFY_FAILED",
    exitCode: 1,
    message: expect.stringMatching(/SIGKILL.*the fixture dies now/s),
  });
});

test("an interrupt ends it, and the worker", async () => {
  await train();
  const interrupts = new Interrupts();
  let pid = 0;
  const listener = silent({
    event: (_, event) => {
      if (event.type === "ready") pid = event.pid;
      if (event.type === "progress") interrupts.interrupt();
    },
  });
  const slow = { FIXTURE_STEP_SECONDS: "0.05", FIXTURE_STEPS: "1000" };
  await expect(verify(slow, { interrupts, listener })).rejects.toMatchObject({ code: "INTERRUPTED", exitCode: 130 });
  interrupts.dispose();
  expect(isAlive(pid)).toBe(false);
});

test("the adapter of a finished run is found", async () => {
  await train();
  expect(existsSync(join(adapterFolder(dbPath, "@last").folder, "weights.json"))).toBe(true);
  expect(() => adapterFolder(dbPath, "ffff")).toThrow("there is no run ffff");
});
