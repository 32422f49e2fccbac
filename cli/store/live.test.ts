import { afterEach, beforeEach, expect, test } from "vitest";
import { claimedStore, disposableFolder, sampleCell } from "./fixtures/sample.js";
import { thisProcess } from "./owners/process.js";
import { devicesOf, liveAttempts, liveDevices, liveJobs, type WorkerReading } from "./read.js";
import { openStore, type Store } from "./store.js";
import { claimAttempt, endAttempt, reapLost, removeLive, sweepLive, writeLive } from "./write.js";

const CELLS = [sampleCell("a".repeat(16)), sampleCell("b".repeat(16), { seed: 2 })];
const OWN = thisProcess();
const ownerWith = (changes: object) => ({
  kind: "process",
  id: JSON.stringify({ ...JSON.parse(OWN.id), ...changes }),
});
const DEAD = ownerWith({ started: "another time" });

let temp: { folder: string; remove: () => void };
let store: Store;
let first: number;
let second: number;
beforeEach(() => {
  temp = disposableFolder();
  const claimed = claimedStore(temp.folder, CELLS);
  store = claimed.store;
  [first, second] = [...claimed.attempts.values()] as [number, number];
});
afterEach(() => {
  store.close();
  temp.remove();
});

const now = () => new Date().toISOString();
const progress = (attempt: number, changes = {}) => ({
  ...{ attempt, lane: 1, phase: "train" as const, step: 10, total_steps: 40, epoch: 0.5 },
  ...{ loss: 0.6, tokens_per_second: 2100, seconds_left: 9, at: now(), ...changes },
});
const reading = (changes: Partial<WorkerReading> = {}): WorkerReading => ({
  ...{ host: "node-7", pid: 11, device: "cuda:1", description: "a GPU", uuid: "GPU-1" },
  ...{ memory_used: 4000, memory_total: 8000, utilization: 0.9, temperature: 71, power: 300, cpu_share: 1 },
  ...{ at: now(), ...changes },
});
const live = (changes = {}) => ({
  ...{ owner: OWN, job: { experiment: 1, fraction: 0.25, seconds_left: 12, at: now() }, attempts: [], devices: [] },
  ...changes,
});

test("another connection reads what goes on, in bulk or of some", () => {
  writeLive(store, live({ attempts: [progress(first), progress(second, { step: 30 })], devices: [reading()] }));
  const other = openStore(store.path, { readonly: true });
  expect(liveAttempts(other, null).map(({ run, step }) => [run, step])).toEqual([
    ["a".repeat(16), 10],
    ["b".repeat(16), 30],
  ]);
  expect(liveAttempts(other, ["b".repeat(16)])).toEqual([
    { run: "b".repeat(16), ...progress(second, { step: 30 }), at: expect.any(String) },
  ]);
  expect(liveJobs(other, 1)).toEqual([
    {
      experiment: 1,
      owner: expect.stringMatching(/^process \d+ on /),
      fraction: 0.25,
      seconds_left: 12,
      at: expect.any(String),
    },
  ]);
  expect(liveJobs(other, 2)).toEqual([]);
  expect(liveDevices(other)).toMatchObject([
    { host: "node-7", device: "cuda:1", workers: 1, utilization: 0.9, power: 300 },
  ]);
  writeLive(store, live({ attempts: [progress(first, { phase: "evaluate", loss: null })] }));
  expect(liveAttempts(other, null)[0]).toMatchObject({ phase: "evaluate", loss: null });
  other.close();
});

test("an attempt that has ended is not live, and gets no row afterwards; a job removes its own", () => {
  writeLive(store, live({ attempts: [progress(first)], devices: [reading()] }));
  endAttempt(store, first, "finished");
  expect(store.prepare("SELECT count(*) FROM live_attempts").pluck().get()).toBe(0);
  writeLive(store, live({ attempts: [progress(first), progress(second)] }));
  expect(liveAttempts(store, null).map(({ attempt }) => attempt)).toEqual([second]);
  removeLive(store, OWN);
  expect([liveJobs(store, null), liveDevices(store)]).toEqual([[], []]);
});

test("what a killed job left is ignored at once, and swept away with the next claim or job", () => {
  store.prepare("UPDATE attempts SET owner = ?").run(DEAD.id);
  writeLive(store, live({ owner: DEAD, attempts: [progress(first)], devices: [reading()] }));
  expect([liveJobs(store, null), liveDevices(store)]).toEqual([[], []]);
  const count = () =>
    ["live_attempts", "live_jobs", "live_devices"].map((table) =>
      store.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
    );
  expect(count()).toEqual([1, 1, 1]);
  claimAttempt(store, { runId: "b".repeat(16), force: false });
  expect(reapLost(store)).toBe(1);
  expect(count()).toEqual([0, 0, 0]);
  writeLive(store, live({ owner: DEAD }));
  store.write(() => sweepLive(store));
  expect(count()).toEqual([0, 0, 0]);
});

test("of a job on another machine only its last word tells", () => {
  const job = (minutes: number) => ({
    experiment: 1,
    fraction: 0,
    seconds_left: null,
    at: new Date(Date.now() - minutes * 60_000).toISOString(),
  });
  writeLive(store, live({ owner: ownerWith({ host: "elsewhere" }), job: job(1) }));
  expect(liveJobs(store, null)).toHaveLength(1);
  writeLive(store, live({ owner: ownerWith({ host: "elsewhere" }), job: job(10) }));
  expect(liveJobs(store, null)).toHaveLength(0);
});

test("while another process writes, it is left out without waiting, and later writes wait as before", () => {
  store.busyTimeout = 120_000; // longer than any test may take
  const other = openStore(store.path);
  other.write(() => {
    expect(writeLive(store, live())).toBe(false);
  });
  expect(writeLive(store, live())).toBe(true);
  expect(store.db.pragma("busy_timeout", { simple: true })).toBe(120_000);
  other.close();
});

test("a GPU tells each worker the same; what CPU workers tell of themselves adds up, old words aside", () => {
  const old = new Date(Date.now() - 60_000).toISOString();
  const cpu = { uuid: null, device: "cpu", temperature: null, power: null };
  const found = devicesOf([
    ...[reading({ pid: 1, device: "cuda:10", uuid: "GPU-10" }), reading({ pid: 2, device: "cuda:9", uuid: "GPU-9" })],
    ...[reading({ pid: 3, device: "cuda:9", uuid: "GPU-9", utilization: 0.5, at: old })],
    ...[reading({ ...cpu, pid: 4, utilization: 1 }), reading({ ...cpu, pid: 5, utilization: 0.5 })],
    ...[reading({ ...cpu, pid: 6, memory_used: null, at: old }), reading({ ...cpu, host: "other", memory_used: null })],
  ]);
  expect(found.map(({ host, device, workers }) => [host, device, workers])).toEqual([
    ["node-7", "cpu", 2],
    ["node-7", "cuda:9", 1],
    ["node-7", "cuda:10", 1],
    ["other", "cpu", 1],
  ]);
  expect(found[0]).toMatchObject({ memory_used: 8000, memory_total: 8000, utilization: 0.75, cpu_share: 2 });
  expect(found[1]).toMatchObject({ memory_used: 4000, utilization: 0.9, cpu_share: 1 });
  expect(found[3]?.memory_used).toBeNull();
});
