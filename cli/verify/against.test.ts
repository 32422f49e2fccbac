/** References with a pretend worker: what is recorded, and how a later training is compared with it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { silent } from "../job/fixtures/reporter.js";
import { Interrupts } from "../job/interrupt.js";
import { runExperiment } from "../job/run.js";
import { specSource } from "../job/source.js";
import { listRuns } from "../store/read.js";
import { openReader } from "../store/reader.js";
import { againstText, annotations } from "../views/against-text.js";
import { fixture } from "../worker/fixture-worker.js";
import { type AgainstOptions, verifyAgainst } from "./against.js";
import { record } from "./record.js";
import { emptyReference, readIfThere, readReference, referenceText } from "./reference.js";

/** Of the fixture worker: the class has a precision only where it counts its GPUs. */
const HERE = { FIXTURE_GPUS: "0" };
const OTHER = { FIXTURE_COMPUTING: '{"instruction_set":"OTHER"}' };
const worker = (env: Record<string, string> = {}) => ({
  commandOverride: [fixture("good.py")],
  env: { ...HERE, ...env },
});
const SPEC =
  "name: two\nmodel: minilm\ntask: movie-reviews\nmethod: lora\ndevices: cpu\ntrain: {logging_steps: 1}\nsweep: {grid: {seed: [4, 5]}}\n";

let folder: string;
let dbPath: string;
let spec: string;
let file: string;

beforeEach(() => {
  folder = tempFolder();
  dbPath = join(folder, "lor2c.db");
  spec = join(folder, "spec.yaml");
  file = join(folder, "reference.json");
  writeFileSync(spec, SPEC);
});

const train = (env: Record<string, string> = {}, db = dbPath) =>
  runExperiment({ source: specSource(spec), dbPath: db, reporter: silent(), worker: worker(env) });

function recordAll(db = dbPath): void {
  const store = openReader(db);
  writeFileSync(file, referenceText(record(store, listRuns(store), readIfThere(file) ?? emptyReference())));
  store.close();
}

/** With its own place for temporary files, which must be empty afterwards. */
async function verify(env: Record<string, string> = {}, options: Partial<AgainstOptions> & { sets?: string[] } = {}) {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = tempFolder();
  try {
    const source = specSource(spec, options.sets ?? []);
    return await verifyAgainst({ source, file, reporter: silent(), worker: worker(env), ...options });
  } finally {
    expect(readdirSync(process.env.TMPDIR).filter((name) => name.startsWith("lor2c-verify-"))).toEqual([]);
    process.env.TMPDIR = before;
  }
}

test("a spec gives the numbers of its reference again, exactly within the device class", async () => {
  await train();
  recordAll();
  const result = await verify();
  expect(result).toMatchObject({
    same: true,
    deviceClass: expect.stringMatching(/^cpu .* Fixture 1\.1, NONE, 1 thread, fp32$/),
  });
  expect(result.runs.map(({ same, compared, basis }) => [same, compared > 4, basis.tolerance.losses])).toEqual([
    [true, true, 0],
    [true, true, 0],
  ]);
  expect(againstText(result)).toMatch(/^same {7}[0-9a-f]{8} {2}seed=4$/m);
  expect(annotations(result)).toEqual([]);
});

test("recording twice gives the same bytes; another device class is added and the own one replaced", async () => {
  await train();
  recordAll();
  const first = readFileSync(file, "utf8");
  recordAll();
  expect(readFileSync(file, "utf8")).toBe(first);
  expect(first).toMatch(/^ {8}"[0-9a-f]{16}": \{\n {10}"best": \{"epoch": 1, "name": "accuracy", "score": 0\.74\},$/m);
  const other = join(folder, "other.db");
  await train(OTHER, other);
  recordAll(other);
  const both = readReference(file).classes;
  expect(Object.keys(both).map((name) => name.split(", ")[1])).toEqual(["NONE", "OTHER"]);
  expect(JSON.parse(first).classes).toEqual({ [Object.keys(both)[0] ?? ""]: Object.values(both)[0] });
});

test("the first value that differs is named for each run, and annotated", async () => {
  await train();
  recordAll();
  const reference = readReference(file);
  const runs = Object.values(reference.classes).flatMap((one) => Object.values(one.runs));
  const evaluation = runs.find(({ label }) => label === "seed=4")?.evaluations[0];
  if (evaluation) evaluation.values.accuracy = 0.5;
  writeFileSync(file, referenceText(reference));
  const result = await verify();
  expect([result.same, result.runs.map(({ same }) => same)]).toEqual([false, [false, true]]);
  expect(againstText(result)).toMatch(/^different .*\n {4}eval accuracy after step 6: was 0\.5, is 0\.74/m);
  const [line] = annotations({ ...result, reference: "a,b:c.json" });
  expect(line).toMatch(/^::error file=a%2Cb%3Ac\.json,title=lor2c verify::[0-9a-f]{16} \(seed=4\): eval accuracy/);
});

test("without a class of this device numbers are compared within the stated tolerance, and it is said", async () => {
  await train();
  recordAll();
  const result = await verify({ ...OTHER, FIXTURE_DRIFT: "0.000001" });
  expect(result.same).toBe(true);
  expect(againstText(result)).toMatch(
    /^compared within 0\.01 \(losses\) and 0\.05 \(scores\): of another device class: cpu /m,
  );
  expect((await verify({ ...OTHER }, { tolerance: 0 })).same).toBe(true);
});

test("a worker that diverges, fails or dies is a difference with its reason", async () => {
  await train();
  recordAll();
  const result = await verify({ FIXTURE_DIVERGE: "4" });
  expect([result.same, result.runs.map(({ same }) => same)]).toEqual([false, [false, true]]);
  expect(result.runs[0]?.failed).toContain("not finite from step 1 on");
  expect(againstText(result)).toMatch(/^different {2}[0-9a-f]{8} {2}seed=4\n {4}failed: /m);
  expect(annotations(result)).toHaveLength(1);
  expect((await verify({ FIXTURE_DIE: "5" })).runs.map(({ failed }) => failed === null)).toEqual([true, false]);
});

test.each([
  ["a learning rate", ["train.learning_rate=0.5"], /seed=4: train\.learning_rate was .*, is 0\.5/],
  ["a seed", ["sweep.grid.seed=[4,6]"], /seed=6: is not in the reference\n {4}seed=5: is not in the spec/],
  ["fewer runs", ["sweep.grid.seed=[4]"], /is not in the spec/],
])("%s that changed is no comparison, and nothing is trained", async (_, sets, said) => {
  await train();
  recordAll();
  const error = await verify({ FIXTURE_FAIL: "4,5,6" }, { sets }).catch((one: unknown) => one);
  expect(error).toMatchObject({ code: "CANNOT_COMPARE", exitCode: 2, message: expect.stringMatching(said) });
});

test("other rows, and other numerics, are named", async () => {
  await train();
  recordAll();
  await expect(verify({ FIXTURE_FINGERPRINT: "zz" })).rejects.toThrow('data was "aa", is "zz"');
  await expect(verify({ FIXTURE_NUMERICS: "3" })).rejects.toThrow('numerics was "2", is "3"');
});

test.each([
  ["no file", null, /there is no file/],
  ["an empty one", "", /is empty/],
  ["a damaged one", '{"format": "lor2c ref', /is damaged/],
  ["no reference", "[]", /is no reference/],
  ["one without classes", referenceText(emptyReference()), /has no device class to compare with/],
  ["one of a later version", referenceText({ ...emptyReference(), version: 2 as 1 }), /is no reference: version/],
  [
    "a class without runs",
    '{"format":"lor2c reference","version":1,"classes":{"x":{"environment":{},"settings":{},"runs":{}}}}',
    /has no runs/,
  ],
])("%s is no reference: exit code 2", async (_, content, said) => {
  if (content !== null) writeFileSync(file, content);
  await expect(verify()).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(said) });
});

test("a reference that has no numbers of a run is compared with nothing: exit code 2, before anything is trained", async () => {
  await train();
  recordAll();
  const reference = readReference(file);
  for (const { runs } of Object.values(reference.classes)) {
    for (const run of Object.values(runs))
      Object.assign(run, { hashes: {}, changes: [], evaluations: [], final_loss: null });
  }
  writeFileSync(file, referenceText(reference));
  await expect(verify({ FIXTURE_FAIL: "4" })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining("cannot be compared: the reference has no numbers of it"),
  });
});

test("a run that cannot be compared leaves the others their results: exit code 2", async () => {
  await train();
  recordAll();
  const reference = readReference(file);
  const runs = Object.values(reference.classes).flatMap((one) => Object.values(one.runs));
  const of = (seed: string) => runs.find(({ label }) => label === seed);
  Object.assign(of("seed=4") ?? {}, { hashes: {}, changes: [], evaluations: [], final_loss: null });
  writeFileSync(file, referenceText(reference));
  const result = await verify();
  expect(result.runs.map(({ same, cannotCompare }) => [same, cannotCompare])).toEqual([
    [false, "the reference has no numbers of it"],
    [true, null],
  ]);
  expect(againstText(result)).toMatch(
    /^unknown {4}[0-9a-f]{8} {2}seed=4\n {4}cannot be compared: the reference has .*\nsame {7}.*seed=5\n\ncannot compare: 1 of 2 runs with .*\nnot all: 1 run gave all/,
  );
  expect(annotations(result)).toEqual([expect.stringContaining("(seed=4): cannot be compared: ")]);
  const env = { ...HERE, LOR2C_PYTHON: fixture("good.py") };
  const { exitCode, stdout } = await execa(process.execPath, [PROGRAM, "verify", spec, "--against", file], {
    env,
    reject: false,
  });
  expect([exitCode, stdout]).toEqual([2, againstText(result)]);
});

test("only finished runs whose device class is known are recorded", async () => {
  await train({ FIXTURE_FAIL: "4" });
  expect(() => recordAll()).toThrow(/is not finished but failed/);
  await runExperiment({
    source: specSource(spec, ["sweep.grid.seed=[9]"]),
    dbPath: join(folder, "old.db"),
    reporter: silent(),
    worker: { commandOverride: [fixture("good.py")], env: {} },
  });
  expect(() => recordAll(join(folder, "old.db"))).toThrow(/before device classes were stored/);
});

test("a spec of which some runs cannot run is not the same, and says why, though the others are", async () => {
  await train();
  recordAll();
  const result = { ...(await verify()), same: false, notes: ["left out, cannot run: no such rows"] };
  expect(againstText(result)).toMatch(/^not all: 2 runs gave all .* again, but others of the spec cannot run$/m);
  expect(againstText(result)).not.toContain("different");
});

test("runs of several device classes are refused: no spec would have exactly those of one class", async () => {
  await train();
  const source = specSource(spec, ["sweep.grid.seed=[9]"]);
  await runExperiment({ source, dbPath, reporter: silent(), worker: worker(OTHER) });
  expect(() => recordAll()).toThrow(
    /in several device classes, and a class needs all of them:\n {4}1 in cpu .* OTHER, .*\n {4}2 in cpu .* NONE, /,
  );
  expect(readIfThere(file)).toBeNull();
});

test("an interrupt ends it and leaves nothing behind", async () => {
  await train();
  recordAll();
  const interrupts = new Interrupts();
  const reporter = {
    ...silent({}),
    event: (_: unknown, event: { type: string }) => void (event.type === "progress" && interrupts.interrupt()),
  };
  const slow = { FIXTURE_STEP_SECONDS: "0.05", FIXTURE_STEPS: "1000" };
  await expect(verify(slow, { interrupts, reporter })).rejects.toMatchObject({ exitCode: 130 });
  interrupts.dispose();
});
