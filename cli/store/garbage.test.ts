/** What gc deletes, and above all what it leaves, on real files; a process that is killed at every step of rm. */
import { existsSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { checkpointFolder } from "./checkpoints.js";
import { claimAll, claimedStore, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { startChild } from "./fixtures/second-process.js";
import { bytesPerRun, collect, findGarbage, type GarbageRequest } from "./garbage.js";
import { getRun, listRuns, trashedRuns } from "./read.js";
import { openStore, type Store } from "./store.js";
import { restoreRuns, trashRuns } from "./trash/trash.js";
import { endAttempt, ingest, registerExperiment, removeRuns } from "./write.js";

const A = sampleCell("a".repeat(16));
const B = sampleCell("b".repeat(16), { seed: 2 });
const ALL: GarbageRequest = { before: null, copies: false };
const DAY = 86_400_000;

let folder: string;
let store: Store;
beforeEach(() => {
  folder = tempFolder();
  const claimed = claimedStore(folder, [A, B]);
  store = claimed.store;
  ingest(store, claimed.attempts, [say.ready(), say.started([A.id]), say.finished([A.id], 2)], null);
  endAttempt(store, claimed.attempts.get(B.id) as number, "stopped");
  put(A.id, "attempt-1", "adapter");
});
afterEach(() => store.close());

/** A file of 100 bytes in `runs/`. Returns its path. */
function put(...parts: string[]): string {
  const path = join(folder, "runs", ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "x".repeat(100));
  return path;
}
function tree(name: string, cells: string[]): string {
  const place = join(checkpointFolder(store, "key"), name);
  mkdirSync(join(place, "step-3"), { recursive: true });
  writeFileSync(join(place, "tree.json"), JSON.stringify({ cells }));
  return place;
}
const kinds = (request = ALL) => findGarbage(store, request).map(({ kind }) => kind);

test("a folder in order has no garbage; the bytes of each run are listed, the largest first", () => {
  tree("needed", [A.id, B.id]);
  put(".waiting", "7.ndjson");
  put("notes.txt");
  expect(findGarbage(store, { before: null, copies: true })).toEqual([]);
  expect(collect(store, ALL)).toEqual({ fileBytes: 0, problems: [] });
  expect(readdirSync(join(folder, "runs")).sort()).toEqual([".checkpoints", ".waiting", A.id, B.id, "notes.txt"]);
  expect(bytesPerRun(store).map(({ run, bytes }) => [run, bytes])).toEqual([
    [A.id, 100],
    [B.id, 0],
  ]);
});

test("the trash, folders of no run, what was set aside and checkpoints of finished runs go", () => {
  const gone = [
    put("c".repeat(16), "attempt-1", "adapter"),
    put("models", "d".repeat(16), "samples.jsonl"),
    put(".removing-1", "x"),
    join(tree("done", [A.id]), "tree.json"),
  ];
  trashRuns(store, [B.id]);
  put("c".repeat(16), "attempt-1", "adapter");
  put(".removing-1", "x");
  tree("done", [A.id]);
  expect(kinds().sort()).toEqual(["checkpoint", "leftover", "orphan", "orphan", "trash"]);
  const { fileBytes, problems } = collect(store, ALL);
  expect([fileBytes >= 300, problems, kinds()]).toEqual([true, [], []]);
  expect(gone.filter((path) => existsSync(path))).toEqual([]);
  expect([listRuns(store).map(({ id }) => id), trashedRuns(store)]).toEqual([[A.id], []]);
  expect(existsSync(join(folder, "runs", A.id, "attempt-1", "adapter"))).toBe(true);
});

test("older-than keeps what is younger; back-ups go only with their flag", () => {
  trashRuns(store, [B.id]);
  store.close();
  const file = join(folder, "lor2c.db.backup-m013_losses-20260101T000000Z");
  writeFileSync(file, "x");
  store = openStore(join(folder, "lor2c.db"));
  const orphan = dirname(dirname(put("c".repeat(16), "attempt-1", "adapter")));
  const yesterday = new Date(Date.now() - DAY);
  expect(kinds({ before: yesterday, copies: true })).toEqual([]);
  utimesSync(orphan, new Date(0), new Date(0));
  expect(kinds({ before: yesterday, copies: false })).toEqual(["orphan"]);
  collect(store, { before: yesterday, copies: false });
  expect([existsSync(orphan), existsSync(file), trashedRuns(store).length]).toEqual([false, true, 1]);
  expect(collect(store, { before: null, copies: true }).problems).toEqual([]);
  expect([existsSync(file), trashedRuns(store)]).toEqual([false, []]);
});

test("a folder that another database, or a copy of one, names is no orphan; nor is any if one cannot be read", () => {
  const C = sampleCell("c".repeat(16));
  for (const name of ["second.db", "lor2c.db.rescued-20260101T000000Z"]) {
    const other = openStore(join(folder, name));
    registerExperiment(other, { name, specFile: null, specText: "", cells: [C] });
    other.close();
    put(C.id, "attempt-1", "adapter");
    expect([name, kinds()]).toEqual([name, []]);
    renameSync(join(folder, name), join(tempFolder(), name));
    expect([name, kinds()]).toEqual([name, ["orphan"]]);
  }
  const header = Buffer.alloc(200);
  header.write("SQLite format 3\0");
  header.writeUInt32BE(0x4c6f5232, 68);
  writeFileSync(join(folder, "broken.db"), header);
  expect(kinds()).toEqual([]);
});

test("a run in training, and its folder and checkpoint, stay", () => {
  claimAll(store, [B]);
  tree("needed", [B.id]);
  expect(() => trashRuns(store, [B.id])).toThrow("nothing was removed");
  expect([kinds(), collect(store, ALL).problems]).toEqual([[], []]);
  expect(getRun(store, B.id)?.state).toBe("running");
});

test("a run of a new database here, whose first job is at work, is no orphan", () => {
  const second = openStore(join(folder, "second.db"));
  const C = sampleCell("c".repeat(16));
  registerExperiment(second, { name: "x", specFile: null, specText: "", cells: [C] });
  claimAll(second, [C]);
  put(C.id, "attempt-1", "adapter");
  expect(kinds()).toEqual([]); // though its tables are in its log until that is written back
  second.close();
});

test("a run in the trash whose folder a killed restore has moved keeps it, whatever its age", () => {
  put(B.id, "attempt-1", "adapter");
  trashRuns(store, [B.id]);
  renameSync(join(folder, "runs", ".trash", "lor2c.db", "runs", B.id), join(folder, "runs", B.id));
  utimesSync(join(folder, "runs", B.id), new Date(0), new Date(0));
  const yesterday = { before: new Date(Date.now() - DAY), copies: false };
  const second = openStore(join(folder, "second.db"));
  for (const one of [store, second]) expect(collect(one, yesterday).problems).toEqual([]);
  second.close();
  restoreRuns(store, [B.id]);
  expect(existsSync(join(folder, "runs", B.id, "attempt-1", "adapter"))).toBe(true);
});

test("what another database here has set aside is left to it, as it may put it back", () => {
  const second = openStore(join(folder, "second.db"));
  const C = sampleCell("c".repeat(16));
  registerExperiment(second, { name: "x", specFile: null, specText: "", cells: [C] });
  const aside = put(`.removing-${C.id}`, "attempt-1", "adapter"); // as rm --now does before it commits
  expect(kinds()).toEqual([]);
  collect(store, ALL);
  removeRuns(store, [B.id]);
  expect(existsSync(aside)).toBe(true);
  removeRuns(second, []); // the next command there
  second.close();
  expect(existsSync(join(folder, "runs", C.id, "attempt-1", "adapter"))).toBe(true);
});

test("what is removed while gc --older-than runs stays, though all else in the trash is old", () => {
  trashRuns(store, [B.id]);
  const trash = openStore(join(folder, "runs", ".trash", "lor2c.db", "lor2c.db"));
  trash.db.prepare("UPDATE trashed SET at = '2020-01-01T00:00:00.000Z'").run();
  trash.close();
  const began = { before: new Date(Date.now() - DAY), copies: false };
  const write = store.write.bind(store);
  let meanwhile: (() => void) | undefined = () => trashRuns(store, [A.id]);
  store.write = (work) => {
    const first = meanwhile;
    meanwhile = undefined;
    first?.(); // another command gets the lock before
    return write(work);
  };
  collect(store, began);
  expect(trashedRuns(store).map(({ run }) => run)).toEqual([A.id]);
});

test("killed at any moment of rm, restore and gc: every run is stored, or in the trash, or deleted, with its files", async () => {
  put(B.id, "attempt-1", "log");
  for (let round = 0; round < 12; round++) {
    const child = startChild(["churn", join(folder, "lor2c.db"), A.id]);
    await child.said; // it moves the run there and back without end
    await new Promise((resolve) => setTimeout(resolve, 3 + 7 * round));
    await child.kill("SIGKILL");
    trashRuns(store, []); // the next command
    const [here, there] = [getRun(store, A.id) !== undefined, trashedRuns(store).some(({ run }) => run === A.id)];
    const places = [join(folder, "runs", A.id), join(folder, "runs", ".trash", "lor2c.db", "runs", A.id)];
    expect([round, here !== there]).toEqual([round, true]);
    expect(places.map((place) => existsSync(join(place, "attempt-1", "adapter")))).toEqual([here, there]);
    if (there) restoreRuns(store, [A.id]);
    expect([getRun(store, A.id)?.best_score, kinds()]).toEqual([0.81, []]);
  }
}, 60_000);
