import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimAll, sampleCell, sampleEvents as say, tempFolder } from "./fixtures/sample.js";
import { openStore, type Store } from "./store.js";
import {
  checkpointFolder,
  claimAttempt,
  clearCheckpoints,
  endAttempt,
  heldRuns,
  ingest,
  registerExperiment,
  removeRuns,
} from "./write.js";

const A = sampleCell("a".repeat(16));
const B = sampleCell("b".repeat(16), { seed: 2 });
const C = sampleCell("c".repeat(16), { seed: 3 });
const KEY = "0123456789abcdef";

let temp: { folder: string; remove: () => void };
let store: Store;
beforeEach(() => {
  temp = tempFolder();
  store = openStore(join(temp.folder, "lor2c.db"));
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells: [A, B, C] });
});
afterEach(() => {
  store.close();
  temp.remove();
});

/** What a worker leaves that trains these runs as one tree. */
function checkpoint(cells: { id: string }[], { key = KEY, state = true } = {}): string {
  const folder = join(checkpointFolder(store, key), `tree-${cells.map(({ id }) => id[0]).join("")}`);
  mkdirSync(folder, { recursive: true });
  const content = { cells: cells.map(({ id }) => id), step: 3, versions: { torch: "2" } };
  writeFileSync(join(folder, "tree.json"), JSON.stringify(content));
  if (state) writeFileSync(join(folder, "state.pt"), "tensors");
  return folder;
}

function finish(cell: typeof A): void {
  ingest(store, claimAll(store, [cell]), [say.finished([cell.id], 1)], null);
}

function claim(cell: typeof A, key?: string): number {
  const taken = claimAttempt(store, { runId: cell.id, force: true, ...(key !== undefined && { checkpoint: key }) });
  if (!("attemptId" in taken)) throw new Error("busy");
  return taken.attemptId;
}

test("a checkpoint goes when the last of its runs is finished, and its folder with it", () => {
  const folder = checkpoint([A, B]);
  finish(A);
  expect(clearCheckpoints(store)).toEqual([]);
  expect(existsSync(folder)).toBe(true);
  finish(B);
  expect(clearCheckpoints(store)).toEqual([]);
  expect(existsSync(checkpointFolder(store, KEY))).toBe(false);
});

test("a finished run that is trained again by force owns its checkpoint until that attempt is over", () => {
  finish(A);
  const attempt = claim(A);
  const folder = checkpoint([A]);
  clearCheckpoints(store);
  expect(existsSync(folder)).toBe(true);
  endAttempt(store, attempt, "stopped");
  clearCheckpoints(store);
  expect(existsSync(folder)).toBe(false);
});

test("an attempt owns everything of its key: its worker may be about to copy or to write there", () => {
  finish(A);
  const folder = checkpoint([A]);
  const attempt = claim(B, KEY);
  clearCheckpoints(store);
  expect(existsSync(folder)).toBe(true);
  endAttempt(store, attempt, "failed");
  clearCheckpoints(store);
  expect(existsSync(folder)).toBe(false);
});

test("rm leaves the checkpoint to the runs that need it, and no longer offers it to the removed one", () => {
  for (const cell of [A, B]) endAttempt(store, claim(cell), "stopped");
  const folder = checkpoint([A, B]);
  expect(heldRuns(store)).toEqual(new Set([A.id, B.id]));
  expect(removeRuns(store, [A.id]).problems).toEqual([]);
  expect(JSON.parse(readFileSync(join(folder, "tree.json"), "utf8"))).toEqual({
    cells: [B.id],
    step: 3,
    versions: { torch: "2" },
  });
  expect(heldRuns(store)).toEqual(new Set([B.id]));
  removeRuns(store, [B.id]);
  expect(existsSync(folder)).toBe(false);
});

test("rm beside a training that uses the checkpoint changes nothing of it", () => {
  endAttempt(store, claim(A), "stopped");
  claim(B, KEY);
  const folder = checkpoint([A, B]);
  removeRuns(store, [A.id]);
  expect(JSON.parse(readFileSync(join(folder, "tree.json"), "utf8")).cells).toEqual([A.id, B.id]);
});

test("only what was written can be gone on from", () => {
  checkpoint([A], { state: false });
  expect(heldRuns(store)).toEqual(new Set());
});

test("strange things among the checkpoints are left alone and break nothing", () => {
  const root = join(temp.folder, "runs", ".checkpoints");
  mkdirSync(join(root, "empty"), { recursive: true });
  writeFileSync(join(root, "a file"), "x");
  mkdirSync(join(root, KEY, "begun"), { recursive: true });
  writeFileSync(join(root, KEY, "a file"), "x");
  for (const [name, text] of Object.entries({ broken: "{", list: "[]", numbers: '{"cells": [1]}', nothing: "null" })) {
    mkdirSync(join(root, KEY, name));
    writeFileSync(join(root, KEY, name, "tree.json"), text);
  }
  const folder = checkpoint([C]);
  finish(C);
  expect(clearCheckpoints(store)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(join(root, "a file"))).toBe(true);
  expect(heldRuns(store)).toEqual(new Set());
});

test("a file in the place of the folder breaks nothing either", () => {
  mkdirSync(join(temp.folder, "runs"));
  writeFileSync(join(temp.folder, "runs", ".checkpoints"), "x");
  expect(clearCheckpoints(store)).toEqual([]);
  expect(heldRuns(store)).toEqual(new Set());
});

test("what an interrupted clearing set aside goes with the next one; a database that fails is said, not thrown", () => {
  const root = join(temp.folder, "runs", ".checkpoints");
  mkdirSync(join(root, ".removing-1", "x"), { recursive: true });
  expect(clearCheckpoints(store)).toEqual([]);
  expect(existsSync(join(root, ".removing-1"))).toBe(false);
  checkpoint([A]);
  store.close();
  expect(clearCheckpoints(store)).toEqual([expect.stringMatching(/^checkpoints were not cleared \(.*not open/)]);
});
