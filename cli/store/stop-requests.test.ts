import { afterEach, beforeEach, expect, test } from "vitest";
import { claimedStore, disposableFolder, sampleCell } from "./fixtures/sample.js";
import { getAttempt, stopRequests } from "./read.js";
import { openStore, type Store } from "./store.js";
import { endAttempt, requestStop } from "./write.js";

const CELLS = [sampleCell("a".repeat(16)), sampleCell("b".repeat(16), { seed: 2 })];

let temp: { folder: string; remove: () => void };
let store: Store;
let ids: number[];
beforeEach(() => {
  temp = disposableFolder();
  const claimed = claimedStore(temp.folder, CELLS);
  store = claimed.store;
  ids = [...claimed.attempts.values()];
});
afterEach(() => {
  store.close();
  temp.remove();
});

test("a request from another connection reaches the owner of the attempts that it names", () => {
  const [first, second] = ids as [number, number];
  expect(stopRequests(store, ids)).toEqual([]);
  const other = openStore(store.path);
  expect(requestStop(other, [second])).toEqual([second]);
  expect(stopRequests(store, ids)).toEqual([second]);
  expect(stopRequests(store, [first])).toEqual([]);
  const when = getAttempt(store, second)?.stop_requested_at;
  requestStop(other, [second]);
  expect(getAttempt(store, second)?.stop_requested_at).toBe(when);
  other.close();
});

test("an attempt that has ended cannot be stopped", () => {
  const [first, second] = ids as [number, number];
  endAttempt(store, first, "finished");
  expect(requestStop(store, [first, second, 999])).toEqual([second]);
  endAttempt(store, second, "stopped");
  expect(stopRequests(store, ids)).toEqual([]);
});
