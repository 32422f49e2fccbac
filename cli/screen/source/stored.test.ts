import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError } from "../../errors.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "../../store/fixtures/sample.js";
import { openStore, type Store } from "../../store/store.js";
import { addTag, ingest, registerExperiment } from "../../store/write.js";
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
