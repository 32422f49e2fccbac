/** Into the trash and out again, on real files; interruptions are made by doing half of it by hand. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tempFolder } from "../../fixtures/temp-folder.js";
import { checkpointFolder, clearCheckpoints } from "../checkpoints.js";
import { sampleEvaluation } from "../fixtures/evaluation.js";
import { claimAll, claimedStore, sampleCell, sampleEvents as say } from "../fixtures/sample.js";
import { addTag, setBaseline, setNote } from "../marks.js";
import { chooseRuns, findRun, getRun, listRuns } from "../read.js";
import { openStore, type Store } from "../store.js";
import { ingest, registerExperiment, removeRuns } from "../write.js";
import { copyPlan } from "./copy-plan.js";
import { trashedRuns, trashFolder } from "./list.js";
import { emptyTrash, restoreRuns, trashRuns } from "./trash.js";

const A = sampleCell("a".repeat(16), { method: { name: "some-method", merges: 1, injections: 0 } });
const B = sampleCell("b".repeat(16), { seed: 2 });
const LOG = join("attempt-1", "worker.log");

let folder: string;
let store: Store;
beforeEach(() => {
  folder = tempFolder();
  const claimed = claimedStore(folder, [A, B]);
  store = claimed.store;
  const both = [A.id, B.id];
  const events = [
    ...[say.ready(), say.started(both), say.metrics(both, 2, 10, { accuracy: 0.5, loss: null }, "eval")],
    ...[say.change([A.id], 3), say.moduleScores([A.id], 4), say.tree(both, 5), say.finished(both, 6)],
  ];
  ingest(store, claimed.attempts, events, { commit: "abc", dirty: true });
  for (const { id } of [A, B]) writeFileSync(join(store.results.ofRun(id), LOG), id);
  sampleEvaluation(store, A.id);
  addTag(store, "paper", both);
  setNote(store, A.id, "a note");
  setBaseline(store, row(A.id));
});
afterEach(() => store.close());

function row(id: string) {
  const found = getRun(store, id);
  if (!found) throw new Error(`there is no run ${id}`);
  return found;
}

/** Every row of every table. */
function contents(db: Database.Database = store.db): Record<string, unknown[]> {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
  const names = (tables.pluck().all() as string[]).filter((name) => name !== "migrations" && name !== "trashed");
  return Object.fromEntries(
    names.map((name) => [
      name,
      db
        .prepare(`SELECT * FROM ${name}`)
        .all()
        .map((one) => JSON.stringify(one))
        .sort(),
    ]),
  );
}
const ids = () =>
  listRuns(store)
    .map(({ id }) => id)
    .sort();
const logOf = (id: string) => readFileSync(join(store.results.ofRun(id), LOG), "utf8");
const inTrash = () =>
  trashedRuns(store)
    .map(({ run }) => run)
    .sort();

test("a run goes with all its rows and files, nothing sees it, and it comes back as it was", () => {
  const before = contents();
  expect(Object.values(before).filter((rows) => rows.length > 0).length).toBeGreaterThan(15);
  expect(trashRuns(store, [A.id])).toMatchObject({ runs: 1, attempts: 1, fileBytes: 16, problems: [] });
  expect(ids()).toEqual([B.id]);
  for (const view of ["v_runs", "v_metrics", "v_evaluations", "v_tags", "v_settings"]) {
    expect(store.prepare(`SELECT run FROM ${view} WHERE run = ?`).all(A.id), view).toEqual([]);
  }
  expect(existsSync(store.results.ofRun(A.id))).toBe(false);
  expect(() => findRun(store, "aaaa")).toThrow("run aaaa is in the trash");
  expect(() => chooseRuns(store, "aaaa")).toThrow(/^run aaaa is in the trash$/);
  expect(() => findRun(store, "cccc")).toThrow("there is no run cccc");
  expect(trashedRuns(store)).toMatchObject([{ run: A.id, label: A.label, bytes: 16 }]);
  // What is in the trash is a database that can be read like any other.
  const trash = openStore(join(trashFolder(store), "lor2c.db"), { readonly: true });
  expect(listRuns(trash).map(({ id, state, tags }) => [id, state, tags])).toEqual([[A.id, "finished", ["paper"]]]);
  trash.close();
  expect(restoreRuns(store, [A.id])).toMatchObject({ runs: 1, attempts: 1, fileBytes: 16, problems: [] });
  expect(contents()).toEqual(before);
  expect([logOf(A.id), inTrash()]).toEqual([A.id, []]);
  expect(store.db.pragma("foreign_key_check")).toEqual([]);
});

test("both runs, one after the other, back in one step: what they share is shared again", () => {
  const before = contents();
  trashRuns(store, [A.id]);
  trashRuns(store, [B.id]);
  expect(Object.values(contents()).flat()).toEqual([]);
  restoreRuns(store, [B.id, A.id]);
  expect(contents()).toEqual(before);
});

test("numbers that were given to others meanwhile are given anew", () => {
  const C = sampleCell("c".repeat(16), { seed: 3 });
  const metricsOf = (id: string) => store.prepare("SELECT * FROM v_metrics WHERE run = ? ORDER BY name, step").all(id);
  const before = [metricsOf(A.id), metricsOf(B.id), row(A.id).environment];
  trashRuns(store, [A.id, B.id]);
  registerExperiment(store, { name: "other", specFile: null, specText: "", cells: [C] });
  const attempts = claimAll(store, [C]);
  ingest(store, attempts, [{ ...say.ready(), python: "3.14" }, say.started([C.id]), say.tree([C.id], 2)], null);
  ingest(store, attempts, [say.metrics([C.id], 3, 10, { loss: 7 }), say.finished([C.id], 4)], null);
  const other = metricsOf(C.id);
  restoreRuns(store, [A.id, B.id]);
  expect([metricsOf(A.id), metricsOf(B.id), metricsOf(C.id)]).toEqual([before[0], before[1], other]);
  expect(row(A.id).environment).toBe(row(B.id).environment);
  expect(row(A.id).environment).not.toBe(row(C.id).environment);
  expect(store.prepare("SELECT count(*) FROM bundles").pluck().get()).toBe(2);
  expect(store.prepare("SELECT name FROM experiments ORDER BY name").pluck().all()).toEqual(["other", "sample"]);
  expect(store.db.pragma("foreign_key_check")).toEqual([]);
});

test("a run that is trained again after rm takes the place of the old one; the old one comes back only without it", () => {
  trashRuns(store, [A.id]);
  registerExperiment(store, { name: "sample", specFile: "sample.yaml", specText: "name: sample\n", cells: [A, B] });
  expect(row(A.id)).toMatchObject({ state: "planned", tags: [], note: null });
  expect(store.prepare("SELECT run FROM experiment_cells ORDER BY position").pluck().all()).toEqual([A.id, B.id]);
  expect(inTrash()).toEqual([A.id]);
  expect(() => restoreRuns(store, [A.id])).toThrow(/aaaa is stored again; nothing was restored/);
  trashRuns(store, [A.id]); // the newer one
  restoreRuns(store, [A.id]);
  expect(row(A.id).state).toBe("planned");
  expect(readdirSync(join(trashFolder(store), "runs"))).toEqual([]);
});

test("a baseline that was replaced meanwhile is none when it comes back", () => {
  trashRuns(store, [A.id]);
  setBaseline(store, row(B.id));
  restoreRuns(store, [A.id]);
  expect([row(A.id).baseline, row(B.id).baseline]).toEqual([0, 1]);
});

test("a run in training is not moved, nor any other of the call", () => {
  claimAll(store, [B], true);
  const before = contents();
  expect(() => trashRuns(store, [A.id, B.id])).toThrow(/is being trained by process .*nothing was removed/);
  expect(contents()).toEqual(before);
  expect([logOf(A.id), inTrash()]).toEqual([A.id, []]);
});

test("rm that was killed after the copy, or after the move of the folder, has not happened", () => {
  const before = contents();
  for (const moved of [false, true]) {
    trashRuns(store, [A.id]);
    const trash = join(trashFolder(store), "runs", A.id);
    // as if the rows had never been deleted: they are copied back, and stay in the trash
    const copy = join(folder, "copy.db");
    const db = new Database(join(trashFolder(store), "lor2c.db"));
    db.prepare("VACUUM INTO ?").run(copy);
    restoreRuns(store, [A.id]);
    db.close();
    renameSync(copy, join(trashFolder(store), "lor2c.db"));
    if (moved) renameSync(store.results.ofRun(A.id), trash);
    expect(inTrash()).toEqual([]);
    trashRuns(store, []); // the next command of this kind
    expect([moved, contents(), logOf(A.id)]).toEqual([moved, before, A.id]);
    expect(readdirSync(join(trashFolder(store), "runs"))).toEqual([]);
  }
});

test("a run that went on after an rm of it was killed has all its attempts, and no gc deletes one", () => {
  trashRuns(store, [A.id]);
  const copy = join(folder, "copy.db");
  const db = new Database(join(trashFolder(store), "lor2c.db"));
  db.prepare("VACUUM INTO ?").run(copy);
  db.close();
  restoreRuns(store, [A.id]);
  renameSync(copy, join(trashFolder(store), "lor2c.db"));
  renameSync(store.results.ofRun(A.id), join(trashFolder(store), "runs", A.id)); // as the killed rm left it
  mkdirSync(join(store.results.ofRun(A.id), "attempt-2"), { recursive: true }); // the run was trained again
  emptyTrash(store, null);
  expect([logOf(A.id), existsSync(join(store.results.ofRun(A.id), "attempt-2"))]).toEqual([A.id, true]);
});

test("a restore that was killed after the move of the folder has not happened", () => {
  trashRuns(store, [A.id]);
  renameSync(join(trashFolder(store), "runs", A.id), store.results.ofRun(A.id));
  trashRuns(store, []);
  expect([inTrash(), existsSync(store.results.ofRun(A.id))]).toEqual([[A.id], false]);
  restoreRuns(store, [A.id]);
  expect(logOf(A.id)).toBe(A.id);
});

test("the trash is emptied by run or as a whole", () => {
  trashRuns(store, [A.id, B.id]);
  expect(emptyTrash(store, [B.id])).toMatchObject({ problems: [] });
  expect(inTrash()).toEqual([A.id]);
  expect(readdirSync(join(trashFolder(store), "runs"))).toEqual([A.id]);
  expect(emptyTrash(store, null).fileBytes).toBeGreaterThan(1000);
  expect([inTrash(), readdirSync(join(folder, "runs", ".trash"))]).toEqual([[], []]);
  expect(emptyTrash(store, null)).toEqual({ fileBytes: 0, problems: [] });
});

test("a folder that another database here names stays where it is, and so do its checkpoints", () => {
  const neighbour = openStore(join(folder, "second.db"));
  registerExperiment(neighbour, { name: "x", specFile: null, specText: "", cells: [A, B] });
  neighbour.close();
  writeFileSync(join(folder, "broken.db"), "SQLite format 3\u0000 and no more");
  const tree = join(checkpointFolder(store, "key"), "tree-1");
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, "tree.json"), JSON.stringify({ cells: [A.id] }));
  expect(clearCheckpoints(store)).toEqual([]);
  expect(existsSync(tree)).toBe(true); // finished here, planned there
  const { problems } = trashRuns(store, [A.id]);
  expect(problems).toEqual([expect.stringMatching(/aaaa stays: .*second\.db has this run too$/)]);
  expect(logOf(A.id)).toBe(A.id);
  trashRuns(store, []);
  restoreRuns(store, [A.id]);
  expect([logOf(A.id), row(A.id).state]).toEqual([A.id, "finished"]);
  removeRuns(store, [A.id]);
  expect(logOf(A.id)).toBe(A.id);
});

test("a trash that another command empties meanwhile is not written to any more: rows would go with it", () => {
  trashRuns(store, [B.id]);
  const other = openStore(store.path);
  const write = store.write.bind(store);
  const between = (work: () => void) => {
    let first = true;
    store.write = (inside) => {
      if (first) work(); // it gets the lock before
      first = false;
      return write(inside);
    };
  };
  between(() => emptyTrash(other, null));
  expect(trashRuns(store, [A.id])).toMatchObject({ runs: 1 });
  expect([ids(), inTrash()]).toEqual([[], [A.id]]);
  between(() => emptyTrash(other, null));
  expect(() => restoreRuns(store, [A.id])).toThrow(/not in the trash any more/);
  other.close();
});

test("a trash that a killed command has begun to make is empty", () => {
  mkdirSync(trashFolder(store), { recursive: true });
  for (const half of [
    () => new Database(join(trashFolder(store), "lor2c.db")),
    () => openStore(join(trashFolder(store), "lor2c.db")),
  ]) {
    half().close();
    expect(inTrash()).toEqual([]);
  }
  trashRuns(store, [A.id]);
  expect(inTrash()).toEqual([A.id]);
});

test("a folder that is a link is moved as a link; what it names stays", () => {
  const elsewhere = tempFolder();
  renameSync(store.results.ofRun(A.id), join(elsewhere, "kept"));
  symlinkSync(join(elsewhere, "kept"), store.results.ofRun(A.id));
  trashRuns(store, [A.id]);
  emptyTrash(store, null);
  expect(readFileSync(join(elsewhere, "kept", LOG), "utf8")).toBe(A.id);
});

test("each database of a folder has its own trash", () => {
  expect(basename(trashFolder(store))).toBe("lor2c.db");
  const second = openStore(join(folder, "second.db"));
  trashRuns(store, [A.id]);
  expect([trashedRuns(second), emptyTrash(second, null).fileBytes, inTrash()]).toEqual([[], 0, [A.id]]);
  second.close();
});

test("every table is of runs, or of what they refer to: a new one without foreign keys would be forgotten", () => {
  const names = store.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
  const copied = copyPlan(store.db).tables.map(({ name }) => name);
  const ofNow = ["live_devices", "live_jobs"]; // of processes, and gone with them
  expect(["migrations", ...ofNow, ...copied].sort()).toEqual((names.pluck().all() as string[]).sort());
});
