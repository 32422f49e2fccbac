/** Which adapters go, and above all which stay, on real files; a process that is killed between mark and deletion. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { KeepAdapters } from "../spec/keep-schema.js";
import { dropAdapters } from "./drop-adapters.js";
import { sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { collect, findGarbage } from "./garbage.js";
import { adapterOf, getArtifacts, getRun } from "./read.js";
import { openStore, type Store } from "./store.js";
import { claimAttempt, ingest, registerExperiment } from "./write.js";

const [A, B, C] = ["a", "b", "c"].map((letter) => sampleCell(letter.repeat(16), { label: `run ${letter}` })) as [
  ReturnType<typeof sampleCell>,
  ReturnType<typeof sampleCell>,
  ReturnType<typeof sampleCell>,
];

let folder: string;
let store: Store;
let experiment: number;
beforeEach(() => {
  folder = tempFolder();
  store = openStore(join(folder, "lor2c.db"));
  experiment = register("sample");
});
afterEach(() => store.close());

const register = (name: string, cells = [A, B, C], into = store) =>
  registerExperiment(into, { name, specFile: null, specText: "", cells });

const claim = (id: string, keepAdapters: KeepAdapters) => {
  const claimed = claimAttempt(store, { runId: id, force: true, keepAdapters });
  if (!("attemptId" in claimed)) throw new Error("not claimed");
  return claimed;
};

/** Trains a run, with an adapter on the disk. Returns its folder. */
function train(id: string, score: number, keep: KeepAdapters, name = "accuracy"): string {
  const { attemptId, folder: place } = claim(id, keep);
  const path = join(place, "adapter");
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "weights"), "x");
  const finished = { ...say.finished([id], 3, score), score_name: name };
  const events = [say.ready(), say.started([id]), say.artifact([id], 2, path), finished];
  ingest(store, new Map([[id, attemptId]]), events, null);
  return path;
}

const drop = (keep: "best" | "none", runs: string[] | null = null) => dropAdapters(store, { experiment, keep, runs });
const there = (paths: string[]) => paths.map((path) => existsSync(path));

test("none deletes what was trained so, keeps hash and size, and says why to whoever asks for the adapter", () => {
  const paths = [train(A.id, 0.7, "none"), train(B.id, 0.8, "all"), train(C.id, 0.9, "none")];
  expect(drop("none", [A.id])).toEqual({ adapters: 1, stay: [], problems: [] });
  expect(there(paths)).toEqual([false, true, true]);
  const attempt = getRun(store, A.id)?.attempt_id ?? 0;
  expect(getArtifacts(store, attempt)).toMatchObject([
    { bytes: 12, sha256: "cc", deleted_at: expect.any(String), deleted_because: "keep.adapters: none" },
  ]);
  expect(() => adapterOf(store, A.id, attempt)).toThrow("was not kept (keep.adapters: none)");
  expect(drop("none").adapters).toBe(1);
  expect(drop("none").adapters).toBe(0);
  expect(there(paths)).toEqual([false, true, false]);
  expect(existsSync(dirname(paths[0] ?? ""))).toBe(true); // logs and settings stay
  expect(readdirSync(join(folder, "runs")).filter((name) => name.startsWith("."))).toEqual([]);
});

test.each([
  ["accuracy", [false, false, true]],
  ["mse", [true, false, false]],
])("best keeps the one of the best %s, whichever is trained last", (name, left) => {
  const paths = [train(A.id, 0.7, "best", name), train(B.id, 0.8, "best", name)];
  drop("best");
  paths.push(train(C.id, 0.9, "best", name));
  drop("best");
  expect(there(paths)).toEqual(left);
});

test("best compares nothing across scores, deletes no adapter that all keeps, and the first of equal ones stays", () => {
  const paths = [train(A.id, 0.7, "best"), train(B.id, 0.1, "best", "mse"), train(C.id, 0.7, "best")];
  expect(drop("best").adapters).toBe(1);
  expect(there(paths)).toEqual([true, true, false]);
  paths.push(train(C.id, 0.9, "all"));
  expect(drop("best").adapters).toBe(1); // a's, which is beaten now
  expect(there(paths)).toEqual([false, true, false, true]);
  expect(drop("none").adapters).toBe(0);
});

test.each([
  ["content of the rows", "UPDATE run_fingerprints SET value = run WHERE name = 'data'"],
  ["number of training rows", "UPDATE attempts SET train_rows = 3000 + id"],
  ["number of evaluation rows", "UPDATE attempts SET eval_rows = 1000 + id"],
  ["numerics", "UPDATE attempts SET numerics = 1 + id"],
])("best deletes no adapter for a score of another %s", (_, sql) => {
  const print = store.prepare("INSERT OR REPLACE INTO run_fingerprints (run, name, value) VALUES (?, 'data', 'same')");
  const paths = [A, B].map(({ id }, at) => {
    print.run(id);
    return train(id, 0.7 + at / 10, "best");
  });
  store.prepare(sql).run();
  expect([drop("best").adapters, there(paths)]).toEqual([0, [true, true]]);
  for (const column of ["train_rows", "eval_rows"]) store.prepare(`UPDATE attempts SET ${column} = NULL`).run();
  store.prepare("UPDATE attempts SET numerics = 1").run();
  store.prepare("UPDATE run_fingerprints SET value = 'same' WHERE name = 'data'").run();
  expect([drop("best").adapters, there(paths)]).toEqual([1, [false, true]]);
});

test("a run that is trained again, another experiment's, another database's, and one to start from stay", () => {
  const start = sampleCell("d".repeat(16), { label: "later" });
  const paths = [train(A.id, 0.7, "none"), train(B.id, 0.8, "none"), train(C.id, 0.9, "none")];
  claim(A.id, "none");
  const other = register("other", [B]);
  start.settings.train.start_from = paths[2] ?? "";
  register("third", [start]);
  expect(drop("none")).toEqual({
    adapters: 0,
    stay: [
      "the adapter of run b stays: another experiment (other) has this run too",
      "the adapter of run c stays: later starts from it (train.start_from)",
    ],
    problems: [],
  });
  store.prepare("DELETE FROM experiments WHERE id = ?").run(other);
  const neighbour = openStore(join(folder, "second.db"));
  register("sample", [B], neighbour);
  neighbour.close();
  expect(drop("none", [B.id]).stay).toEqual([expect.stringContaining("second.db has this run too")]);
  expect(there(paths)).toEqual([true, true, true]);
});

test("an adapter outside the folder of its run is not deleted", () => {
  const [mine, other] = [train(A.id, 0.7, "none"), train(B.id, 0.8, "all")];
  store
    .prepare("UPDATE artifacts SET path = ? WHERE path LIKE '%aaaa%'")
    .run(`runs/${A.id}/../${B.id}/attempt-1/adapter`);
  expect(drop("none").stay).toEqual([expect.stringContaining("is not in the folder of the run")]);
  expect(there([mine, other])).toEqual([true, true]);
});

test("a process that was killed after the mark: no reader takes the adapter, and gc or the next job deletes it", () => {
  const paths = [train(A.id, 0.7, "none"), train(B.id, 0.8, "none")];
  const mark = () => store.prepare("UPDATE artifacts SET deleted_at = 'now', deleted_because = 'x'").run();
  mark();
  expect(() => adapterOf(store, A.id, getRun(store, A.id)?.attempt_id ?? 0)).toThrow("not kept");
  expect(findGarbage(store, { before: null, copies: false }).map(({ kind }) => kind)).toEqual(["adapter", "adapter"]);
  expect(findGarbage(store, { before: new Date(), copies: false })).toEqual([]);
  expect(collect(store, { before: null, copies: false }).problems).toEqual([]);
  expect(there(paths)).toEqual([false, false]);
  const last = train(C.id, 0.9, "best");
  mark();
  expect(drop("best")).toEqual({ adapters: 0, stay: [], problems: [] });
  expect(existsSync(last)).toBe(false);
});
