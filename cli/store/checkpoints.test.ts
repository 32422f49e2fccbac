import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventOf } from "../protocol/messages.js";
import { checkpointsByRun, unownedCheckpoints } from "./checkpoints.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { nextStarts } from "./read.js";
import { openStore, type Store } from "./store.js";
import {
  checkpointFolder,
  claimAttempt,
  clearCheckpoints,
  endAttempt,
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
  temp = disposableFolder();
  store = openStore(join(temp.folder, "lor2c.db"));
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells: [A, B, C] });
});
afterEach(() => {
  store.close();
  temp.remove();
});

/** Makes the checkpoint that a worker leaves which trains these runs as one tree. */
function checkpoint(cells: { id: string }[], { key = KEY, step = 3 as number | null, hours = 0 } = {}): string {
  const folder = join(checkpointFolder(store, key), `tree-${cells.map(({ id }) => id[0]).join("")}`);
  mkdirSync(folder, { recursive: true });
  const content = { cells: cells.map(({ id }) => id), other: 3 };
  const place = join(folder, `step-${step}`);
  writeFileSync(join(folder, "tree.json"), JSON.stringify(content));
  if (step !== null) {
    mkdirSync(place);
    const file = join(place, "manifest.json");
    writeFileSync(file, JSON.stringify({ content: { ...content, step }, sha256: "" }));
    const written = Date.now() / 1000 - hours * 3600;
    utimesSync(file, written, written);
  }
  return folder;
}

const resumable = () => [...checkpointsByRun(store).keys()].sort();

function finish(cell: typeof A): void {
  ingest(store, claimAll(store, [cell]), [say.finished([cell.id], 1)], null);
}

function claim(cell: typeof A, key?: string): number {
  const taken = claimAttempt(store, { runId: cell.id, force: true, ...(key !== undefined && { checkpoint: key }) });
  if (!("attemptId" in taken)) throw new Error("busy");
  return taken.attemptId;
}

test("a checkpoint and its folder are deleted when the last of its runs is finished", () => {
  const folder = checkpoint([A, B]);
  finish(A);
  expect(clearCheckpoints(store)).toEqual([]);
  expect(existsSync(folder)).toBe(true);
  finish(B);
  expect(clearCheckpoints(store)).toEqual([]);
  expect(existsSync(checkpointFolder(store, KEY))).toBe(false);
});

test("a finished run that is trained again with force owns its checkpoint until that attempt ends", () => {
  finish(A);
  const attempt = claim(A);
  const folder = checkpoint([A]);
  clearCheckpoints(store);
  expect(existsSync(folder)).toBe(true);
  endAttempt(store, attempt, "stopped");
  clearCheckpoints(store);
  expect(existsSync(folder)).toBe(false);
});

test("a finished tree goes while other trees of its key train, so that a sweep's checkpoints do not add up", () => {
  finish(A);
  const [done, open] = [checkpoint([A]), checkpoint([B])];
  const attempt = claim(B, KEY);
  clearCheckpoints(store);
  expect([existsSync(done), existsSync(open)]).toEqual([false, true]);
  endAttempt(store, attempt, "failed");
  clearCheckpoints(store);
  expect(existsSync(open)).toBe(true);
});

test("rm keeps a checkpoint that other runs need, and takes the removed run off it", () => {
  for (const cell of [A, B]) endAttempt(store, claim(cell), "stopped");
  const folder = checkpoint([A, B]);
  expect(resumable()).toEqual([A.id, B.id]);
  expect(removeRuns(store, [A.id]).problems).toEqual([]);
  expect(JSON.parse(readFileSync(join(folder, "tree.json"), "utf8"))).toEqual({
    cells: [B.id],
    other: 3,
  });
  expect(resumable()).toEqual([B.id]);
  removeRuns(store, [B.id]);
  expect(existsSync(folder)).toBe(false);
});

test("rm does not change a checkpoint that a training uses", () => {
  endAttempt(store, claim(A), "stopped");
  claim(B, KEY);
  const folder = checkpoint([A, B]);
  removeRuns(store, [A.id]);
  expect(JSON.parse(readFileSync(join(folder, "tree.json"), "utf8")).cells).toEqual([A.id, B.id]);
});

test("only a checkpoint with a state can be resumed", () => {
  checkpoint([A], { step: null });
  expect(resumable()).toEqual([]);
});

test("where a run begins again: from the farthest checkpoint that its last attempt could use, else at zero, and why", () => {
  const next = (cell: typeof A) => nextStarts(store, [cell.id]).get(cell.id);
  const begin = (cell: typeof A, event: Partial<EventOf<"started">> = {}) => {
    const attempt = claim(cell);
    ingest(store, new Map([[cell.id, attempt]]), [{ ...say.started([cell.id], 1), ...event }], null);
    return attempt;
  };
  expect(next(A)).toEqual({ from: "zero", why: "never_began" });
  const first = begin(A);
  expect(next(A)).toBeUndefined(); // in training
  endAttempt(store, first, "stopped");
  expect(next(A)).toEqual({ from: "zero", why: "no_checkpoint" });
  checkpoint([A, B]);
  checkpoint([A], { step: 7 });
  expect(next(A)).toMatchObject({ from: "checkpoint", step: 7 });
  endAttempt(store, claim(A), "lost"); // before it looked for one
  expect(next(A)).toMatchObject({ from: "checkpoint", step: 7 });
  endAttempt(store, begin(A), "failed");
  expect(next(A)).toEqual({ from: "zero", why: "failed" });

  checkpoint([C], { step: 9, hours: 2 });
  endAttempt(store, begin(C, { resumed_step: 9 }), "out_of_memory");
  expect(next(C)).toMatchObject({ from: "checkpoint", step: 9 });
  endAttempt(store, begin(C), "stopped"); // it could not use that one
  expect(next(C)).toEqual({ from: "zero", why: "no_checkpoint" });
  finish(C);
  expect(next(C)).toBeUndefined();
});

test("what a worker leaves that writes no checkpoints goes once nobody trains it; a damaged checkpoint does not", () => {
  const attempt = claim(A, KEY);
  const [bare, damaged] = [checkpoint([A], { step: null }), checkpoint([B], { step: null })];
  for (const folder of [bare, damaged]) mkdirSync(join(folder, "best"));
  writeFileSync(join(damaged, "state.pt"), "x");
  clearCheckpoints(store);
  expect(existsSync(bare)).toBe(true);
  endAttempt(store, attempt, "stopped");
  expect(unownedCheckpoints(store)).toEqual([{ folder: bare, why: "there is no step to go on from" }]);
  expect(clearCheckpoints(store)).toEqual([]);
  expect([existsSync(bare), existsSync(damaged)]).toEqual([false, true]);
});

test("unknown files among the checkpoints are kept and break nothing", () => {
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
  expect(resumable()).toEqual([]);
});

test("a file instead of the folder breaks nothing", () => {
  mkdirSync(join(temp.folder, "runs"));
  writeFileSync(join(temp.folder, "runs", ".checkpoints"), "x");
  expect(clearCheckpoints(store)).toEqual([]);
  expect(resumable()).toEqual([]);
});

test("the next clearing deletes what an interrupted one set aside; a database error is returned, not thrown", () => {
  const root = join(temp.folder, "runs", ".checkpoints");
  mkdirSync(join(root, ".removing-1", "x"), { recursive: true });
  expect(clearCheckpoints(store)).toEqual([]);
  expect(existsSync(join(root, ".removing-1"))).toBe(false);
  checkpoint([A]);
  store.close();
  expect(clearCheckpoints(store)).toEqual([expect.stringMatching(/^checkpoints were not cleared \(.*not open/)]);
});
