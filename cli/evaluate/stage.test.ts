/** `evaluate:` in a spec: plan, run, sweep and retry like a user; a fixture worker. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { startProgram } from "../fixtures/start-program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { evaluationsOf, listRuns } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture, until } from "../worker/fixture-worker.js";

const SPEC = `name: two
model: minilm
task: alpaca
method: lora
jobs: 2
sweep: {grid: {seed: 1..2}}
`;
const EVALUATE = "evaluate: {benchmarks: [mmlu, bbh], rows: 4, data: bench}\n";

let folder: string;
let file: string;
let env: Record<string, string>;
beforeEach(() => {
  folder = tempFolder();
  file = join(folder, "spec.yaml");
  env = { LOR2C_PYTHON: fixture("good.py"), LOR2C_CACHE: join(folder, "cache"), LOR2C_DB: join(folder, "lor2c.db") };
  writeFileSync(file, SPEC + EVALUATE);
});

const start = (args: string[], more: Record<string, string> = {}) => startProgram(args, { ...env, ...more });
async function done(args: string[], more: Record<string, string> = {}) {
  const started = start(args, more);
  return { code: await started.closed, out: started.out(), err: started.err() };
}

/** Run -> states of its evaluations. */
const stored = (): string[][] => evaluated().map(({ states }) => states);

function evaluated(): { id: string; states: string[] }[] {
  const store = openStore(env.LOR2C_DB ?? "", { readonly: true });
  try {
    return listRuns(store).map(({ id }) => ({
      id,
      states: evaluationsOf(store, id).map(({ benchmark, state }) => `${benchmark} ${state}`),
    }));
  } finally {
    store.close();
  }
}

const BOTH = ["bbh finished", "mmlu finished"];
const ndjson = (text: string) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test("plan says that it is a second stage, with protocol, rows, shots and decoding; ids are those without it", async () => {
  const plan = await done(["plan", file, "--set", "sweep={grid: {model.quantization: [none, nf4]}}"]);
  expect(plan.code).toBe(0); // on stderr it may say what it waits for
  expect(plan.out).toContain(
    `then a second stage evaluates the finished runs: protocol instructeval, rows from ${join(folder, "bench")}`,
  );
  expect(plan.out).toMatch(/mmlu +4 of 6 +5 +400 +2 a row {2}greedy\n/);
  expect(plan.out.match(/mmlu +4 of 6/g)).toHaveLength(1); // once for all ways to store one model
  expect(plan.out).toContain("note: mmlu: 4 of 6 rows, drawn with seed 0");
  const json = JSON.parse((await done(["plan", file, "--json"])).out);
  expect(json.evaluation).toMatchObject({
    request: { rows: 4 },
    models: [{ model: "minilm", benchmarks: [{ shots: 5 }, {}] }],
  });
  const without = JSON.parse((await done(["plan", file, "--json", "--set", "evaluate=null"])).out);
  expect(without.evaluation).toBeNull();
  expect(without.runs.map(({ id }: { id: string }) => id)).toEqual(json.runs.map(({ id }: { id: string }) => id));
});

test("what cannot be evaluated is refused before anything is trained", async () => {
  const refused = await done(["run", file], { FIXTURE_EVAL_PROBLEM: "bbh" });
  expect(refused).toMatchObject({
    code: 2,
    out: "",
    err: expect.stringContaining("bbh: the fixture has no such rows"),
  });
  const labels = await done(["run", file, "--set", "task=movie-reviews"]);
  expect(labels).toMatchObject({ code: 2, out: "", err: expect.stringContaining("task movie-reviews gives labels") });
  const set = ["--set", "evaluate.benchmarks=[humaneval]"];
  expect((await done(["run", file, ...set])).err).toContain("needs --allow-code-execution");
});

test("run evaluates what it trained, and what was trained before; a failure leaves the runs finished, and the same command tries again", async () => {
  writeFileSync(file, SPEC);
  expect((await done(["run", file])).code).toBe(0);
  writeFileSync(file, SPEC + EVALUATE);
  const failed = await done(["run", file], { FIXTURE_EVAL_FAIL: "bbh" });
  expect(failed.code).toBe(1);
  expect(failed.out).toContain("two: 2 runs, 2 of them finished already");
  expect(failed.out).toMatch(/seed=1: evaluates mmlu 4 of 6 rows, 5 shots; bbh 4 of 6 rows, 3 shots \(instructeval\)/);
  expect(failed.out).toMatch(/\w{8} {2}seed=1 +mmlu +0\.\d{4} +0\.\d{4} +4 of 6 +5\n\w{8} {2}seed=1 +bbh +failed/);
  expect(failed.out).toContain("bbh: bbh: the fixture was told to fail");
  expect(failed.out.match(/note: mmlu: 4 of 6 rows, drawn with seed 0/g)).toHaveLength(1);
  expect(failed.out).toContain("not everything was evaluated: the same command evaluates the rest");
  expect(stored()).toEqual([
    ["bbh failed", "mmlu finished"],
    ["bbh failed", "mmlu finished"],
  ]);

  const again = ndjson((await done(["run", file, "--json"])).out);
  expect(stored()).toEqual([BOTH, BOTH]);
  expect(again.at(-1)).toMatchObject({
    type: "summary",
    outcome: "finished",
    evaluations: [
      { benchmark: "mmlu", state: "stored", rows: 4, all_rows: 6 },
      { benchmark: "bbh", state: "evaluated", shots: 3, decoding: "greedy" },
      { benchmark: "mmlu" },
      { benchmark: "bbh" },
    ],
  });
  const told = again.filter(({ type }) => type === "evaluation");
  expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(["begins", "progress", "result"]));
  expect(told.find(({ kind }) => kind === "progress")).toMatchObject({ benchmark: "bbh", total: 4, seconds_left: 0 });
});

test("a worker that dies at one run's benchmark leaves the other run's scores; sweep and retry evaluate too", async () => {
  const env = { FIXTURE_FAIL: "2", FIXTURE_EVAL_DIE: "bbh" };
  const swept = await done(["sweep", file], env);
  expect(swept.code).toBe(1);
  expect(swept.out).toMatch(/bbh: the worker died during evaluate/);
  expect(
    stored()
      .map((states) => states.length)
      .sort(),
  ).toEqual([0, 2]);
  const retried = await done(["retry"]);
  expect([retried.code, retried.out]).toEqual([0, expect.stringContaining("seed=2: mmlu: 0.")]);
  expect(stored().filter((states) => states.join() === BOTH.join())).toHaveLength(1);
  expect((await done(["run", file])).code).toBe(0);
  expect(stored()).toEqual([BOTH, BOTH]);
});

test("runs of method none, evaluated at the same time, share one evaluation, and so does lor2c eval of their model", async () => {
  const none = SPEC.replace("method: lora", "method: none").replace("seed: 1..2", "data.train_on: [response, all]");
  writeFileSync(file, none + EVALUATE);
  const slow = { FIXTURE_EVAL_SECONDS: "0.1" };
  const ran = await done(["run", file, "--json", "--set", "evaluate.benchmarks=[mmlu]"], slow);
  expect(ran.code).toBe(0);
  const states = ndjson(ran.out)
    .at(-1)
    .evaluations.map(({ state }: { state: string }) => state);
  expect(states.sort()).toEqual(["evaluated", "stored"]);
  expect(stored()).toEqual([["mmlu finished"], ["mmlu finished"]]);

  const model = await done(["eval", "minilm", "--benchmarks", "mmlu,bbh", "--rows", "4"]);
  expect(model.err).toMatch(/minilm: mmlu: 0\.\d{4} .*stored already\)[\s\S]*minilm: bbh: 0\.\d{4} .*, \d+ms\)/);
  const again = await done(["run", file]);
  expect([again.code, again.out.match(/stored already/g)]).toEqual([0, Array(4).fill("stored already")]);
  expect(stored()).toEqual([BOTH, BOTH]);
});

test("lor2c stop ends a job in its second stage; one run's evaluation alone it cannot end, and says so", async () => {
  const slow = { FIXTURE_EVAL_SECONDS: "0.2", FIXTURE_EVAL_ROWS: "400" };
  const began = start(["run", file, "--set", "evaluate.rows=400"], slow);
  await until(() => began.out().includes("evaluates mmlu"));
  await until(() => stored().flat().length > 0);
  // Which of the two runs is evaluated first is not said.
  const one = await done(["stop", evaluated().find(({ states }) => states.length > 0)?.id ?? ""]);
  expect(one).toMatchObject({ code: 2, err: expect.stringContaining("stop all of its experiment: lor2c stop 1") });
  const stop = await done(["stop", "--json"]);
  expect(JSON.parse(stop.out)[0]).toMatchObject({ benchmark: "mmlu", state: "stopped", stopped_at_step: null });
  expect([stop.code, await began.closed]).toEqual([0, 130]);
  expect(stored().flat()).not.toContain("mmlu finished");
});

test("Ctrl-C in the second stage: trained runs stay finished, the exit code is 130, and the same command goes on", async () => {
  const slow = { FIXTURE_EVAL_SECONDS: "0.2", FIXTURE_EVAL_ROWS: "100" };
  const began = start(["run", file, "--set", "evaluate.rows=100"], slow);
  await until(() => began.out().includes("evaluates mmlu"));
  began.child.kill("SIGINT");
  expect(await began.closed).toBe(130);
  expect(began.out()).toContain("2 finished");
  expect(began.out()).toContain("not everything was evaluated: the same command evaluates the rest");
  expect(stored().flat()).not.toContain("mmlu finished");
  expect(readFileSync(file, "utf8")).toBe(SPEC + EVALUATE);
});
