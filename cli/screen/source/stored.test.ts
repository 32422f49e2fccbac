import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError } from "../../errors.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "../../store/fixtures/sample.js";
import { thisProcess } from "../../store/owners/process.js";
import { getAttempt } from "../../store/read.js";
import { openStore, type Store } from "../../store/store.js";
import { addTag, ingest, registerExperiment, writeLive } from "../../store/write.js";
import { storedSource } from "./stored.js";

let temp: { folder: string; remove: () => void };
let path: string;
let store: Store;
let clock: number;

const now = () => clock;
const source = (...words: string[]) => storedSource(path, words, { now, every: 0, share: 1000 });
const idOf = (merges: number, injections: number) => `${merges}${injections}`.padEnd(16, "0");
const CELLS = [0, 1].flatMap((merges) =>
  [0, 1].map((injections) => ({
    ...sampleCell(idOf(merges, injections), {
      label: `merges=${merges} injections=${injections}`,
      method: { name: "imlor2c", merges, injections },
    }),
    axes: { "method.merges": merges, "method.injections": injections },
  })),
);
const [FIRST, SECOND, THIRD] = CELLS.map(({ id }) => id) as [string, string, string];
const LONE = sampleCell("f".repeat(16), { label: "alone" });

beforeEach(() => {
  temp = disposableFolder();
  path = `${temp.folder}/lor2c.db`;
  store = openStore(path);
  registerExperiment(store, { name: "grid", specFile: null, specText: "", cells: CELLS });
  clock = Date.now();
});
afterEach(() => {
  store.close();
  temp.remove();
});

function claim(...ids: string[]) {
  return claimAll(
    store,
    CELLS.filter(({ id }) => ids.includes(id)),
  );
}

test("shows an experiment as its runs train, and what did not change stays the same object", () => {
  const shown = source("grid");
  const before = shown.read();
  expect(before).toMatchObject({
    title: "grid",
    experiment: 1,
    progress: { counts: [{ state: "planned", count: 4 }], finished: 0, total: 4, fraction: 0, secondsLeft: null },
    log: [],
    alerts: [],
    devices: [],
  });
  expect(before.runs.map(({ label }) => label)).toEqual(CELLS.map(({ label }) => label));
  expect(before.runs[1]).toMatchObject({
    ...{ state: "planned", lane: null, phase: null, step: 0, totalSteps: 188, epoch: null, epochs: 2, score: null },
    ...{ loss: null, losses: [], seconds: null, reason: null, tags: [], trainableParameters: 1000 },
    settings: { "method.merges": 0, "method.injections": 1 },
  });
  expect(before.grid?.cells).toHaveLength(4);
  expect(shown.read()).toBe(before);

  const attempts = claim(FIRST, SECOND);
  ingest(store, attempts, [
    say.started([FIRST, SECOND]),
    say.metrics([FIRST, SECOND], 2, 10, { loss: 0.7 }),
    say.metrics([FIRST, SECOND], 3, 94, { loss: 0.5 }),
    say.metrics([FIRST, SECOND], 4, 94, { accuracy: 0.8, loss: 0.6 }, "eval"),
    say.change([SECOND], 5),
  ]);
  addTag(store, "good", [FIRST]);
  clock += 61_000;
  const after = shown.read();
  expect(after.runs[0]).toMatchObject({
    ...{ state: "running", lane: 1, phase: "train", step: 94, totalSteps: 188, epoch: 1, score: 0.8, bestEpoch: 1 },
    ...{ scoreName: "accuracy", majorityScore: 0.5, loss: 0.5, losses: [0.7, 0.5], tags: ["good"], merges: 0 },
  });
  expect(after.runs[0]?.seconds).toBeGreaterThanOrEqual(60);
  expect(after.runs[1]).toMatchObject({ lane: 2, merges: 1, injections: 0, trainableParameters: 900 });
  expect(after.runs.slice(2)).toEqual(before.runs.slice(2));
  expect(after.runs[2]).toBe(before.runs[2]);
  expect(after.runs[3]).toBe(before.runs[3]);
  expect(after.grid?.cells.map(({ state }) => state)).toEqual(["running", "running", "planned", "planned"]);
  expect(after.progress).toMatchObject({ fraction: 0.25, finished: 0 });

  ingest(store, attempts, [say.finished([FIRST], 6, 0.9)]);
  clock += 1;
  const ended = shown.read();
  expect(ended.runs[0]).toMatchObject({
    state: "finished",
    lane: null,
    phase: null,
    score: 0.9,
    bestEpoch: 2,
    seconds: 60,
  });
  expect(ended.runs[1]).toBe(after.runs[1]);
  expect(ended.grid?.cells[0]).toMatchObject({ state: "finished", mean: 0.9 });
  shown.close();
});

test("words mean what they mean to other commands; without one, the experiment of the newest run", () => {
  registerExperiment(store, { name: "one", specFile: null, specText: "", cells: [LONE] });
  const titles = (...words: string[]) => {
    const shown = source(...words);
    const { title, experiment, runs, grid } = shown.read();
    shown.close();
    return { title, experiment, runs: runs.length, grid: grid !== null };
  };
  claim(THIRD);
  expect(titles()).toEqual({ title: "grid", experiment: 1, runs: 4, grid: true });
  expect(titles("@last")).toEqual({ title: "merges=1 injections=0", experiment: null, runs: 1, grid: false });
  expect(titles("2")).toEqual({ title: "one", experiment: 2, runs: 1, grid: false });
  expect(titles("ffff", "0100")).toEqual({ title: "ffff 0100", experiment: null, runs: 2, grid: false });
  expect(titles("@all")).toEqual({ title: "all runs", experiment: null, runs: 5, grid: false });
  expect(() => source("nothing")).toThrow(UsageError);
  expect(() => storedSource(`${temp.folder}/missing.db`)).toThrow("there is no database");
});

test("a run whose runner is dead is not in training", () => {
  const attempts = claim(FIRST, SECOND);
  const shown = source("grid");
  expect(shown.read().runs[0]).toMatchObject({ state: "running", phase: "load", seconds: 0 });
  const owner = JSON.stringify({ host: hostname(), pid: 2 ** 22 - 1, started: "never" });
  store.prepare("UPDATE attempts SET owner = ? WHERE id = ?").run(owner, attempts.get(FIRST));
  clock += 5000;
  shown.read();
  clock += 1000;
  const { runs, alerts, progress } = shown.read();
  expect(runs[0]).toMatchObject({ state: "lost", lane: null, phase: null, reason: expect.stringContaining("is gone") });
  expect(runs[1]).toMatchObject({ state: "running" });
  expect(alerts).toMatchObject([{ kind: "lost", run: FIRST }]);
  expect(progress.counts).toEqual([
    { state: "running", count: 1 },
    { state: "planned", count: 2 },
    { state: "lost", count: 1 },
  ]);
  shown.close();
});

test("shows what a job of another process says about the moment", () => {
  const attempts = claim(FIRST, SECOND, THIRD);
  ingest(store, attempts, [say.started([FIRST, SECOND, THIRD]), say.metrics([FIRST, SECOND], 2, 10, { loss: 0.7 })]);
  const at = new Date(clock).toISOString();
  const moment = (id: string, changes: object) => ({
    ...{
      attempt: attempts.get(id) ?? 0,
      lane: 7,
      phase: "train" as const,
      step: 20,
      total_steps: 188,
      epoch: 0.2,
      loss: 0.6,
    },
    ...{ tokens_per_second: 2100, seconds_left: 40, at, ...changes },
  });
  const reading = {
    ...{
      host: "node-7",
      pid: 11,
      device: "cuda:1",
      description: "a GPU",
      uuid: "GPU-1",
      memory_used: 4,
      memory_total: 8,
    },
    ...{ utilization: 0.9, temperature: 71, power: 300, cpu_share: 1, at },
  };
  const live = (id: string, changes: object) =>
    writeLive(store, {
      owner: thisProcess(),
      job: { experiment: 1, fraction: 0.4, seconds_left: 30, at },
      attempts: [moment(FIRST, {}), moment(SECOND, {}), moment(id, changes)],
      devices: [reading],
    });
  live(THIRD, { lane: 8, phase: "evaluate", step: 30, loss: null });
  const shown = source("grid");
  const before = shown.read();
  expect(before.runs).toMatchObject([
    { state: "running", lane: 1, phase: "train", step: 20, loss: 0.6, tokensPerSecond: 2100, secondsLeft: 40 },
    { lane: 1 },
    { lane: 3, phase: "evaluate", step: 30, loss: null },
    { state: "planned", lane: null },
  ]);
  expect(before.progress).toMatchObject({ fraction: 0.4, secondsLeft: 40 }); // the job said 30
  expect(before.devices).toEqual([
    {
      ...{ host: "node-7", name: "cuda:1", description: "a GPU", at: Date.parse(at), memoryUsed: 4, memoryTotal: 8 },
      ...{ utilization: 0.9, temperature: 71, power: 300 },
    },
  ]);
  clock += 4000;
  expect(shown.read()).toMatchObject({ runs: [{ secondsLeft: 36 }, {}, {}, {}], progress: { secondsLeft: 36 } });

  const alone = source(FIRST);
  expect(alone.read().progress).toMatchObject({ fraction: 20 / 188, secondsLeft: 36 });
  alone.close();

  ingest(
    store,
    attempts,
    [FIRST, SECOND, THIRD].map((id, seq) => ({ type: "stopped", seq: seq + 3, cells: [id], step: 30 })),
  );
  clock += 1000;
  expect(shown.read()).toMatchObject({
    ...{ devices: [], progress: { secondsLeft: null } },
    runs: [{ state: "stopped", lane: null, phase: null, secondsLeft: null }, {}, {}, {}],
  });
  shown.close();
});

test("curves and structure are read once until their run changes", () => {
  const attempts = claim(FIRST);
  ingest(store, attempts, [say.started([FIRST]), say.metrics([FIRST], 2, 10, { loss: 0.7 })]);
  const shown = source("grid");
  const [curves, timeline] = [shown.curves(FIRST), shown.timeline(FIRST)];
  expect(curves?.train_loss).toMatchObject([{ step: 10, value: 0.7 }]);
  expect(timeline).toMatchObject({ state: "running", changes: [] });
  clock += 10;
  shown.read();
  expect([shown.curves(FIRST), shown.timeline(FIRST)]).toEqual([curves, timeline]);
  expect(shown.curves(FIRST)).toBe(curves);
  ingest(store, attempts, [say.metrics([FIRST], 3, 20, { loss: null }), say.change([FIRST], 4)]);
  clock += 10;
  const [run] = shown.read().runs;
  expect([run?.loss, run?.losses]).toEqual([null, [0.7, null]]);
  expect(shown.curves(FIRST)?.train_loss).toHaveLength(2);
  expect(shown.timeline(FIRST)).toBe(timeline); // two readings at once would take too much of the core
  const asked = shown.read();
  clock += 10;
  expect(shown.read()).not.toBe(asked);
  expect(shown.timeline(FIRST)?.changes).toHaveLength(1);
  expect(shown.curves(LONE.id)).toBeNull();
  expect(shown.curves(SECOND)?.train_loss).toEqual([]);
  shown.close();
});

test("a filter is the language of --where, or words", () => {
  claim(FIRST);
  addTag(store, "good", [SECOND]);
  const shown = source("grid");
  const found = (text: string) => {
    const result = shown.matching(text);
    return "runs" in result ? [...result.runs] : result.problem;
  };
  expect(found("method.merges = 1")).toEqual([THIRD, CELLS[3]?.id]);
  expect(found("state = running and tag is null")).toEqual([FIRST]);
  expect(found("MERGES=1")).toEqual([THIRD, CELLS[3]?.id]); // as in labels
  expect(found("MERGES=9")).toMatch(/no run has MERGES/);
  expect(found("merges injections GOOD")).toEqual([SECOND]);
  expect(found("running")).toEqual([FIRST]);
  expect(found("")).toHaveLength(4);
  expect(found("method.merges >")).toBe("expected a value here; an empty text is ''");
  expect(found("method.mergs = 1")).toBe("no run has method.mergs; did you mean `method.merges`?");
  shown.close();
});

test("columns are those of compare, kept until something is stored", () => {
  claim(FIRST);
  const shown = source("grid");
  const added = shown.columns("state, method.merges as M");
  expect(added).toMatchObject({ columns: [{ heading: "state" }, { heading: "M", better: null }] });
  if ("columns" in added)
    expect([added.columns[0]?.values.get(FIRST), added.columns[1]?.values.get(THIRD)]).toEqual(["running", 1]);
  expect(shown.columns("state, method.merges as M")).toBe(added);
  expect(shown.columns("best:nothing")).toMatchObject({ problem: expect.stringMatching(/nothing/) });
  shown.close();
});

test("the log has what the runner wrote", () => {
  const folder = getAttempt(store, claim(FIRST).get(FIRST) ?? 0)?.folder ?? "";
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "run.log"), `${JSON.stringify({ time: "2030-01-01T00:00:00.000Z", msg: "out" })}\n`);
  const shown = source("grid");
  expect(shown.read().log).toMatchObject([
    { runs: [FIRST], label: "merges=0 injections=0", level: "info", text: "out" },
  ]);
  shown.close();
});

test("a database that vanishes leaves what was read, and says so; another one in its place is read", () => {
  const shown = source("grid");
  const before = shown.read();
  store.close();
  for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
  clock += 1000;
  const without = shown.read();
  expect(without).toEqual({ ...before, log: [expect.objectContaining({ level: "error" })] });
  expect(without.log[0]?.text).toMatch(/^there is no database .* any more: what is shown is from before$/);
  expect(shown.read()).toBe(without);

  store = openStore(path);
  registerExperiment(store, { name: "grid", specFile: null, specText: "", cells: CELLS.slice(0, 2) });
  clock += 2000;
  expect(shown.read()).toMatchObject({ runs: [{ id: FIRST }, { id: SECOND }], log: [] });
  shown.close();
});

test("an experiment with a third axis has no grid", () => {
  const cells = [0, 1].flatMap((rank) =>
    CELLS.map((cell) => ({ ...cell, id: `${rank}`.padEnd(16, cell.id), axes: { ...cell.axes, "method.rank": rank } })),
  );
  registerExperiment(store, { name: "three", specFile: null, specText: "", cells });
  const shown = source("three");
  expect(shown.read()).toMatchObject({ grid: null, runs: { length: 8 } });
  shown.close();
});
