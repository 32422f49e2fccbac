import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimAll, claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { experimentCells, experiments, getAttempts, getFingerprint, getRun, getSettings, listRuns } from "./read.js";
import { openStore, type Store } from "./store.js";
import { claimAttempt, endAttempt, heartbeat, ingest, reapLost, registerExperiment, removeRuns } from "./write.js";

const A = sampleCell("a".repeat(16));
const B = sampleCell("b".repeat(16), { method: { name: "other-method" }, seed: 18 });

let temp: { folder: string; remove: () => void };
let store: Store;
beforeEach(() => {
  temp = disposableFolder();
  store = openStore(join(temp.folder, "lor2c.db"));
});
afterEach(() => {
  store.close();
  temp.remove();
});

const plan = (cells = [A, B], specText = "name: x\n") => ({ name: "x", specFile: "x.yaml", specText, cells });

test("an experiment is stored with its cells in order, their axes, and its runs with their settings", () => {
  const id = registerExperiment(store, plan([B, A]));
  expect(experimentCells(store, id)).toEqual([
    {
      position: 0,
      run: B.id,
      label: "cell bbbb",
      axes: { seed: 18, "method.rank": 8, "train.learning_rate": 0.002, "method.targets": '["query","value"]' },
    },
    {
      position: 1,
      run: A.id,
      label: "cell aaaa",
      axes: { seed: 17, "method.rank": 8, "train.learning_rate": 0.002, "method.targets": '["query","value"]' },
    },
  ]);
  const kinds = store.db.prepare("SELECT DISTINCT axis, typeof(value) FROM cell_axes ORDER BY 1").raw().all();
  expect(kinds).toEqual([
    ["method.rank", "integer"],
    ["method.targets", "text"],
    ["seed", "integer"],
    ["train.learning_rate", "real"],
  ]);
  expect(getRun(store, A.id)).toMatchObject({
    state: "planned",
    method: "some-method",
    trainable_parameters: 1000,
    seed: 17,
  });
  expect(getSettings(store, A.id)).toEqual(A.settings);
  expect(getFingerprint(store, A.id)).toEqual({ weights: "aa", data: "bb", precision: "fp32" });
});

test("a run has a row for each of its combinations, and is stored once", () => {
  const place = { position: 2, label: "path=fold2", axes: { "data.path": "fold2" } };
  const twice = { ...A, label: "path=fold1", axes: { "data.path": "fold1" }, also: [place] };
  const id = registerExperiment(store, plan([twice, B]));
  expect(experimentCells(store, id).map(({ position, run, label }) => [position, run, label])).toEqual([
    [0, A.id, "path=fold1"],
    [1, B.id, "cell bbbb"],
    [2, A.id, "path=fold2"],
  ]);
  expect(experimentCells(store, id)[2]?.axes).toEqual({ "data.path": "fold2" });
  expect(experiments(store)).toMatchObject([{ id, cells: 2, finished: 0 }]);
  expect(registerExperiment(store, plan([twice, B]))).toBe(id);
  // The same runs for other combinations are another experiment.
  expect(registerExperiment(store, plan([{ ...twice, also: [] }, B]))).not.toBe(id);
});

test("the same plan is the same experiment; another plan shares the runs", () => {
  const first = registerExperiment(store, plan());
  expect(registerExperiment(store, plan())).toBe(first);
  expect(registerExperiment(store, plan([A]))).not.toBe(first);
  expect(experiments(store).map((row) => row.cells)).toEqual([1, 2]);
  expect(listRuns(store)).toHaveLength(2);
});

test("until a run is finished, the newest plan sets what is not part of its id", () => {
  const relabelled = {
    ...A,
    label: "new",
    settings: { ...A.settings, train: { ...A.settings.train, logging_steps: 1 } },
  };
  registerExperiment(store, plan([A]));
  registerExperiment(store, plan([relabelled]));
  expect(getRun(store, A.id)?.label).toBe("new");
  expect(getSettings(store, A.id)).toEqual(relabelled.settings);
  ingest(store, claimAll(store, [A]), [say.finished([A.id], 1)]);
  registerExperiment(store, plan([A]));
  expect(getSettings(store, A.id)).toEqual(relabelled.settings);
});

test("claims number the attempts, take a finished run only with force, and reject an unknown run", () => {
  registerExperiment(store, plan());
  const first = claimAttempt(store, { runId: A.id, force: false });
  expect(first).toMatchObject({ number: 1, folder: join(temp.folder, "runs", A.id, "attempt-1") });
  if (!("attemptId" in first)) throw new Error("busy");
  expect(existsSync(first.folder)).toBe(true);
  expect(claimAttempt(store, { runId: A.id, force: true })).toEqual({
    busy: expect.stringMatching(`process ${process.pid} on .+`),
  });
  endAttempt(store, first.attemptId, "stopped");
  const second = claimAttempt(store, { runId: A.id, force: false });
  expect(second).toMatchObject({ number: 2 });
  if (!("attemptId" in second)) throw new Error("busy");
  ingest(store, new Map([[A.id, second.attemptId]]), [say.finished([A.id], 1)]);
  expect(claimAttempt(store, { runId: A.id, force: false })).toEqual({ done: true });
  expect(claimAttempt(store, { runId: A.id, force: true })).toMatchObject({ number: 3 });
  expect(getRun(store, A.id)).toMatchObject({ state: "finished", attempt: 2, attempts: 3, running_attempt: 3 });
  expect(() => claimAttempt(store, { runId: "c".repeat(16), force: false })).toThrow(/no run/);
});

test("a folder that an earlier attempt left is never written to again", () => {
  registerExperiment(store, plan());
  mkdirSync(join(temp.folder, "runs", A.id, "attempt-1"), { recursive: true });
  expect(claimAttempt(store, { runId: A.id, force: false })).toMatchObject({ number: 2 });
});

test("an attempt of another machine is lost when its lease has ended, and not before", () => {
  registerExperiment(store, plan());
  const attempts = claimAll(store, [A]);
  store.db.prepare("UPDATE attempts SET owner = json_set(owner, '$.host', 'elsewhere', '$.pid', 1)").run();
  expect(reapLost(store)).toBe(0);
  store.db.prepare("UPDATE attempts SET lease_until = '2020-01-01T00:00:00.000Z'").run();
  heartbeat(store, [...attempts.values()]);
  expect(reapLost(store)).toBe(0);
  store.db.prepare("UPDATE attempts SET lease_until = '2020-01-01T00:00:00.000Z'").run();
  expect(reapLost(store)).toBe(1);
  expect(getAttempts(store, A.id)[0]).toMatchObject({ state: "lost" });
});

test("a process that got the pid of a dead runner is not the runner", () => {
  registerExperiment(store, plan());
  claimAll(store, [A]);
  store.db.prepare("UPDATE attempts SET owner = json_set(owner, '$.started', 'another time')").run();
  expect(reapLost(store)).toBe(1);
});

test("removing deletes rows and files together and returns how much", () => {
  store.close();
  temp.remove();
  temp = disposableFolder();
  const claimed = claimedStore(temp.folder, [A, B]);
  store = claimed.store;
  const points = Array.from({ length: 5000 }, (_, i) => say.metrics([A.id], i + 2, i, { loss: 1, other: 2 }));
  ingest(store, claimed.attempts, [say.ready(), say.started([A.id, B.id]), ...points], null);
  expect(() => removeRuns(store, [A.id])).toThrow(/is being trained by process/);
  endAttempt(store, claimed.attempts.get(A.id) as number, "stopped");
  writeFileSync(join(temp.folder, "runs", A.id, "attempt-1", "worker.log"), "x".repeat(1234));
  expect(() => removeRuns(store, [A.id, B.id])).toThrow(/nothing was removed/);
  expect(getRun(store, A.id)).toBeDefined();
  const removal = removeRuns(store, [A.id]);
  expect(removal).toMatchObject({ runs: 1, attempts: 1, fileBytes: 1234 });
  expect(removal.databaseBytes).toBeGreaterThan(100_000);
  expect(getRun(store, A.id)).toBeUndefined();
  expect(store.db.prepare("SELECT count(*) FROM metrics").pluck().get()).toBe(0);
  expect(readdirSync(join(temp.folder, "runs"))).toEqual([B.id]);
  expect(experiments(store)).toMatchObject([{ cells: 1 }]);
  endAttempt(store, claimed.attempts.get(B.id) as number, "stopped");
  removeRuns(store, [B.id]);
  expect(experiments(store)).toEqual([]);
  expect(store.db.prepare("SELECT count(*) FROM environments").pluck().get()).toBe(0);
});

test("folders of an interrupted removal are renamed back if their run exists, and deleted otherwise", () => {
  registerExperiment(store, plan());
  endAttempt(store, claimAll(store, [A]).get(A.id) as number, "stopped");
  const runs = join(temp.folder, "runs");
  renameSync(join(runs, A.id), join(runs, `.removing-${A.id}`));
  mkdirSync(join(runs, ".removing-ffffffffffffffff"));
  removeRuns(store, [B.id]);
  expect(readdirSync(runs)).toEqual([A.id]);
});
