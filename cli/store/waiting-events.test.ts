import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { type SecondProcess, startChild } from "./fixtures/second-process.js";
import { getAttempts, getMetrics, getRun } from "./read.js";
import { openReader } from "./reader.js";
import { openStore } from "./store.js";
import {
  claimAttempt,
  claimAttempts,
  ingest,
  reapLost,
  registerExperiment,
  removeRuns,
  WaitingEvents,
} from "./write.js";

const A = sampleCell("a".repeat(16));
const B = sampleCell("b".repeat(16), { seed: 2 });

let temp: { folder: string; remove: () => void };
let path: string;
let children: SecondProcess[];
beforeEach(() => {
  temp = disposableFolder();
  path = join(temp.folder, "lor2c.db");
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  temp.remove();
});

/** Leaves what a runner leaves that is killed while the events of its finished run wait in a file. */
async function killedRunner(cells = [A]): Promise<{ file: string }> {
  const store = openStore(path);
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells });
  store.close();
  const child = startChild(["leave", path, A.id]);
  children.push(child);
  const { attemptId } = (await child.said) as { attemptId: number };
  await child.kill("SIGKILL");
  return { file: join(temp.folder, "runs", ".waiting", `${attemptId}.ndjson`) };
}

test("events are passed on in order and once each, through memory, the file, and a store that fails in between", () => {
  const { store, attempts } = claimedStore(temp.folder, [A]);
  const waiting = new WaitingEvents(store, attempts);
  waiting.append([say.started([A.id], 1)]);
  waiting.append(Array.from({ length: 4998 }, (_, i) => say.metrics([A.id], i + 2, i, { loss: 1 })));
  expect(waiting.count).toBe(4999);
  const seen: number[] = [];
  let calls = 0;
  const flaky = (events: { seq: number }[]) => {
    if (++calls === 2) throw new Error("busy");
    seen.push(...events.map(({ seq }) => seq));
  };
  expect(() => waiting.drain(flaky)).toThrow("busy");
  waiting.append([say.finished([A.id], 5000)]);
  waiting.drain(flaky);
  expect(seen).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
  expect(existsSync(waiting.path)).toBe(false);
  waiting.append([say.finished([A.id], 5001)]);
  waiting.drain(flaky);
  expect(seen.at(-1)).toBe(5001);
  store.close();
});

test("the next command stores the events that a killed runner left", async () => {
  const { file } = await killedRunner();
  expect(existsSync(file)).toBe(true);
  const reader = openReader(path);
  expect(getRun(reader, A.id)).toMatchObject({ state: "finished", best_score: 0.81 });
  expect(getMetrics(reader, getAttempts(reader, A.id)[0]?.id ?? 0)).toHaveLength(1);
  expect(existsSync(file)).toBe(false);
  reader.close();
});

test("a claim stores them too, so that nothing is trained twice", async () => {
  await killedRunner();
  const store = openStore(path);
  expect(claimAttempt(store, { runId: A.id, force: false })).toEqual({ done: true });
  store.close();
});

test("a file whose runner is alive is left alone", () => {
  const { store, attempts } = claimedStore(temp.folder, [A, B]);
  const waiting = new WaitingEvents(store, attempts);
  waiting.append([say.started([A.id], 1)]);
  store.db.prepare("UPDATE attempts SET owner = json_set(owner, '$.started', 'x') WHERE run = ?").run(B.id);
  expect(reapLost(store)).toBe(1);
  expect(existsSync(waiting.path)).toBe(true);
  store.db.prepare("UPDATE attempts SET owner = json_set(owner, '$.started', 'x') WHERE run = ?").run(A.id);
  expect(reapLost(store)).toBe(1); // the runner was judged dead, yet the process that writes the file is alive
  expect(existsSync(waiting.path)).toBe(true);
  store.close();
});

test("the events are stored even if another machine has already marked the run lost", async () => {
  const { file } = await killedRunner();
  const store = openStore(path);
  store.db.prepare("UPDATE attempts SET outcome = 'lost'").run();
  expect(reapLost(store)).toBe(0);
  expect(getRun(store, A.id)?.state).toBe("finished");
  expect(existsSync(file)).toBe(false);
  store.close();
});

test("events stored before the kill are not stored again, and the events of the other runs survive a removed one", async () => {
  const { file } = await killedRunner([A, B]);
  const store = openStore(path);
  const [attempt] = getAttempts(store, A.id);
  ingest(store, new Map([[A.id, attempt?.id ?? 0]]), [say.started([A.id], 1), say.metrics([A.id], 2, 10, { loss: 7 })]);
  reapLost(store);
  expect(getMetrics(store, attempt?.id ?? 0).map(({ value }) => value)).toEqual([7]);
  expect(getRun(store, A.id)?.state).toBe("finished");
  expect(existsSync(file)).toBe(false);
  removeRuns(store, [A.id]);
  store.close();
});

test("a file that cannot be read is set aside, and its run is lost", () => {
  const { store } = claimedStore(temp.folder, [A]);
  const folder = join(temp.folder, "runs", ".waiting");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries({ "1.ndjson": "{", "2.ndjson": "{\n", "3.ndjson": "7\n", other: "x" })) {
    writeFileSync(join(folder, name), text);
  }
  store.db.prepare("UPDATE attempts SET owner = json_set(owner, '$.started', 'x')").run();
  expect(reapLost(store)).toBe(1);
  expect(readdirSync(folder).sort()).toEqual([".unreadable-2.ndjson", ".unreadable-3.ndjson", "other"]);
  store.close();
});

test("what a transaction took in that came to nothing is still there for the next one", async () => {
  const { file } = await killedRunner();
  const store = openStore(path);
  const fails = () =>
    store.write(() => {
      claimAttempts(store, [{ runId: A.id, force: false }]);
      throw new Error("the rest of it fails");
    });
  expect(fails).toThrow("the rest of it fails");
  expect(existsSync(file)).toBe(true);
  expect(claimAttempt(store, { runId: A.id, force: false })).toEqual({ done: true });
  expect(existsSync(file)).toBe(false);
  store.close();
});

test.each([
  [
    "a value that no table takes",
    (file: string) =>
      appendFileSync(file, `${JSON.stringify({ ...say.metrics([A.id], 5, 1, { loss: 1 }), split: null })}\n`),
  ],
  [
    "a path outside the results",
    (file: string) => appendFileSync(file, `${JSON.stringify(say.artifact([A.id], 5, "/etc"))}\n`),
  ],
])("%s in a file ends the run as lost, says so, and stops no later command", (_, harm) => {
  const { store, attempts } = claimedStore(temp.folder, [A]);
  const waiting = new WaitingEvents(store, attempts);
  waiting.append([say.started([A.id], 1), say.finished([A.id], 2)]);
  harm(waiting.path);
  store.db.prepare("UPDATE attempts SET owner = json_set(owner, '$.started', 'x')").run();
  const [header, ...events] = readFileSync(waiting.path, "utf8").split("\n");
  const { owner } = store.db.prepare("SELECT owner FROM attempts").get() as { owner: string };
  const dead = { ...JSON.parse(header ?? ""), owner: { kind: "process", id: owner } };
  writeFileSync(waiting.path, [JSON.stringify(dead), ...events].join("\n"));
  expect(reapLost(store)).toBe(1);
  expect(getAttempts(store, A.id)[0]).toMatchObject({
    outcome: "lost",
    message: expect.stringContaining(".unreadable-"),
  });
  expect(reapLost(store)).toBe(0);
  store.close();
});
