/** Results of inspections are kept: no worker starts if nothing has changed, and one does if something has. */
import { existsSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { EXECUTORS } from "../executors/index.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { silent } from "../job/fixtures/reporter.js";
import { runExperiment } from "../job/run.js";
import { specSource } from "../job/source.js";
import { loadSpec } from "../spec/load.js";
import { getAttempts } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture } from "../worker/fixture-worker.js";
import { KeptLooks } from "./kept-looks.js";
import { type ResolvedPlan, resolvePlan } from "./resolve-plan.js";

let folder: string;
let file: string;
let rows: string;
let worker: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = tempFolder();
  file = join(folder, "spec.yaml");
  rows = join(folder, "rows.tsv");
  worker = join(folder, "worker");
  writeFileSync(file, "model: minilm\ntask: movie-reviews\nmethod: lora\nsweep: {grid: {seed: 1..3}}\n");
  writeFileSync(rows, "good\t1\n");
  writeWorker(worker);
  env = { FIXTURE_SOURCES: rows };
});

/** The fixture worker, which writes a line each time it is started. */
function writeWorker(path: string): void {
  const script = `#!/bin/sh\necho started >> ${join(folder, "starts")}\nexec python3 ${fixture("good.py")}\n`;
  writeFileSync(path, script, { mode: 0o755 });
}

const looks = () => new KeptLooks(join(folder, "cache", "looks"));
const starts = () => {
  const log = join(folder, "starts");
  return existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0;
};
const executor = () => EXECUTORS.local({ commandOverride: [worker], env });

async function plan(sets: string[] = []): Promise<ResolvedPlan> {
  return resolvePlan(loadSpec(file, sets), { executor: executor(), looks: looks() });
}

/** The whole plan without the worker's pid and event numbers. */
const shown = ({ cells, invalid, bundles, slots, ready, notes }: ResolvedPlan) => ({
  cells: cells.map(({ inspected, ...cell }) => ({ ...cell, inspected: { ...inspected, seq: 0 } })),
  bundles: bundles.map((bundle) => bundle.map(({ id }) => id)),
  ...{ invalid, slots, notes, ready: { ...ready, pid: 0 } },
});
const idsOf = ({ cells }: ResolvedPlan) => cells.map(({ id }) => id);

test("a second plan starts no worker and is equal", async () => {
  const [first, second] = [await plan(), await plan()];
  expect(starts()).toBe(1);
  expect(shown(second)).toEqual(shown(first));
  expect(new Set(idsOf(first)).size).toBe(3);
});

const CHANGES: [string, () => unknown][] = [
  [
    "a row, with the same size and time",
    () => {
      const { atime, mtime } = statSync(rows);
      writeFileSync(rows, "evil\t1\n");
      utimesSync(rows, atime, mtime);
    },
  ],
  [
    "a file that took the place of another one",
    () => {
      writeFileSync(`${rows}.new`, "evil\t1\n");
      renameSync(`${rows}.new`, rows);
    },
  ],
  ["a setting", () => ["train.learning_rate=1e-5"]],
  ["a combination", () => ["sweep.grid.seed=1..4"]],
  ["the devices", () => ["devices=cpu"]],
  [
    "the interpreter",
    () => {
      writeWorker(`${worker}-2`);
      worker = `${worker}-2`;
    },
  ],
  ["the program under the same name", () => writeWorker(worker)],
  [
    "a variable that nobody knows",
    () => {
      env.SOME_LIBRARYS_SWITCH = "1";
    },
  ],
];

test.each(CHANGES)("looks again after a change of %s", async (_, change) => {
  await plan();
  const sets = (change() as string[] | undefined) ?? [];
  const changed = await plan(sets);
  expect(starts()).toBe(2);
  const fresh = await resolvePlan(loadSpec(file, sets), { executor: executor() });
  expect(shown(changed)).toEqual(shown(fresh));
  expect(shown(await plan(sets))).toEqual(shown(fresh));
  expect(starts()).toBe(3);
});

test("a variable of the terminal changes nothing", async () => {
  await plan();
  Object.assign(env, { COLUMNS: "60", TERM: "dumb", SHLVL: "7" });
  await plan();
  expect(starts()).toBe(1);
});

test("sources without a stamp, and problems, are inspected each time", async () => {
  env = {};
  await plan();
  await plan();
  expect(starts()).toBe(2);
  env = { FIXTURE_SOURCES: rows, FIXTURE_PROBLEM: "2" };
  await plan();
  await plan();
  expect(starts()).toBe(4);
});

test("a damaged file is ignored and written again", async () => {
  const first = await plan();
  const { file: kept } = looks();
  const text = readFileSync(kept, "utf8");
  for (const damaged of ["", "\0\0\0", "{}", text.slice(0, -40), text.replace("rows.tsv", "tows.tsv")]) {
    writeFileSync(kept, damaged);
    expect(idsOf(await plan())).toEqual(idsOf(first));
    expect(readFileSync(kept, "utf8").split("\n")).toHaveLength(2);
  }
  expect(starts()).toBe(6);
});

test("plans that are kept at the same time leave a valid file", async () => {
  await Promise.all([1, 2, 3, 4].map((seed) => plan([`sweep.grid.seed=[${seed}, 9]`])));
  const lines = readFileSync(looks().file, "utf8").trim().split("\n");
  expect(lines.length).toBeGreaterThan(0);
  const before = starts();
  for (const seed of [1, 2, 3, 4]) await plan([`sweep.grid.seed=[${seed}, 9]`]);
  expect(starts() - before).toBe(4 - lines.length);
});

test("the file stays within its size; the newest plans are in it", async () => {
  const { ready, cells } = await plan();
  const inspected = Array.from({ length: 5000 }, (_, number) => {
    const found = cells[0]?.inspected;
    if (!found) throw new Error("a cell was expected");
    return { ...found, total_steps: number, warnings: ["x".repeat(500)] };
  });
  const keys = Array.from({ length: 8 }, (_, number) => String(number).repeat(64));
  for (const key of keys) looks().keep(key, { ready, inspected, sources: [] });
  expect(statSync(looks().file).size).toBeLessThanOrEqual(16 * 1024 * 1024);
  const found = keys.map((key) => looks().find(key) !== undefined);
  expect(found.at(-1)).toBe(true);
  expect(found[0]).toBe(false);
});

test("a place that cannot be written to keeps nothing", async () => {
  const where = { executor: executor(), looks: new KeptLooks(join(file, "looks")) };
  for (const _ of [1, 2]) expect((await resolvePlan(loadSpec(file), where)).cells).toHaveLength(3);
  expect(starts()).toBe(2);
});

test("run uses what plan has kept; rows that change afterwards are never trained under these ids", async () => {
  const planned = await plan();
  const dbPath = join(folder, "lor2c.db");
  const reporter = silent();
  const options = {
    source: specSource(file),
    dbPath,
    worker: { commandOverride: [worker], env },
    jobs: 1,
    looks: looks(),
  };
  const first = await runExperiment({ ...options, reporter });
  expect(first.cells.map(({ id }) => id)).toEqual(idsOf(planned));
  expect(starts()).toBe(1 + 1); // one worker for the bundles, none to inspect

  const late = silent({ begin: () => writeFileSync(rows, "evil\t1\n") });
  const second = await runExperiment({ ...options, force: true, reporter: late });
  expect(second.outcome).toBe("failed");
  const store = openStore(dbPath, { readonly: true });
  const messages = first.cells.map(({ id }) => getAttempts(store, id).at(-1)?.message);
  store.close();
  expect(messages).toEqual(Array(3).fill("what the run was planned with has changed"));

  const third = await runExperiment({ ...options, reporter });
  expect(third.outcome).toBe("finished");
  expect(third.cells.map(({ id }) => id)).not.toEqual(idsOf(planned));
});
