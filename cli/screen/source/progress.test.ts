import { expect, test } from "vitest";
import { screenRun } from "../fixtures/data.js";
import { progressOf } from "./progress.js";

const training = screenRun({ id: "a", state: "running", step: 64, secondsLeft: 25 });
const waiting = screenRun({ id: "b" });
const finished = screenRun({ id: "c", state: "finished", step: 60 });

test("all runs are never over before one of them", () => {
  expect(progressOf([training, waiting], { secondsLeft: 7.9 }).secondsLeft).toBe(25);
  expect(progressOf([training, waiting], { secondsLeft: 90 }).secondsLeft).toBe(90);
  expect(progressOf([finished, waiting], { secondsLeft: 90 }).secondsLeft).toBeNull();
});

test("without a word of their job, runs in training have an end, and waiting ones none", () => {
  expect(progressOf([training, finished], { secondsLeft: null }).secondsLeft).toBe(25);
  expect(progressOf([training, waiting], { secondsLeft: null }).secondsLeft).toBeNull();
  expect(progressOf([{ ...training, secondsLeft: null }], { secondsLeft: null }).secondsLeft).toBeNull();
});

test("the fraction is the job's, else that of all steps; a whole only if all runs are finished", () => {
  expect(progressOf([training, waiting], { fraction: 0.3, secondsLeft: null }).fraction).toBe(0.3);
  expect(progressOf([training, waiting, finished], { secondsLeft: null }).fraction).toBe((64 + 128) / 384);
  expect(progressOf([{ ...training, step: 128 }], { secondsLeft: null }).fraction).toBe(0.99);
  expect(progressOf([finished], { fraction: 0.3, secondsLeft: null })).toMatchObject({
    fraction: 1,
    finished: 1,
    total: 1,
  });
  expect(progressOf([], { secondsLeft: null })).toMatchObject({ counts: [], total: 0, secondsLeft: null });
});
