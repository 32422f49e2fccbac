/** Compares the estimated time left with simulated jobs whose end is known. */
import { describe, expect, test } from "vitest";
import type { PlannedCell } from "../plan/cell.js";
import { inspectedAs, plannedFrom } from "../plan/fixtures/planned.js";
import { type Share, shareOut } from "../plan/share-out.js";
import { laneEpochs } from "../plan/tree.js";
import type { WorkerEvent } from "../protocol/messages.js";
import { shippedCatalog } from "../spec/catalog.js";
import { load } from "../spec/fixtures/specs.js";
import { JobClock } from "./job-clock.js";
import { type ShareTimes, timeLeft } from "./time-left.js";

const EPOCHS = 6;
const STEPS_PER_EPOCH = 20;
const STEPS = EPOCHS * STEPS_PER_EPOCH;
const ROWS = 640;

/** Merges by injections over seeds: each merge separates the cells one epoch later. */
function grid(seeds: number, side = 3): PlannedCell[] {
  const values = `0..${side - 1}`;
  const text = `model: minilm\ntask: movie-reviews\nmethod: imlor2c\ntrain: {num_train_epochs: ${EPOCHS}}\nsweep: {grid: {seed: 1..${seeds}, method.merges: ${values}, method.injections: ${values}}}`;
  return plannedFrom(load(text, [], shippedCatalog()).cells).map((cell) => {
    const { merges, injections } = cell.settings.method;
    const events = [
      ...Array.from({ length: Number(merges) }, (_, i) => ({ epoch: i + 1, key: "merge", probable: true })),
      ...Array.from({ length: Number(injections) }, (_, i) => ({ epoch: i + 1.5, key: "inject", probable: true })),
    ].toSorted((a, b) => a.epoch - b.epoch);
    return {
      ...cell,
      inspected: inspectedAs({ total_steps: STEPS, train_rows: ROWS, events, fingerprint: { data: "d" } }),
    };
  });
}

interface Moment {
  at: number;
  do: () => void;
}

/**
 * A worker of this speed trains a share from `begin`. Returns the moments of its events, and its end. Only the cells of
 * `apart` get lanes of their own; the rules leave the others nothing that would separate them.
 */
function trained(
  clock: JobClock,
  share: Share,
  begin: number,
  apart: readonly PlannedCell[],
): { moments: Moment[]; end: number } {
  const moments: Moment[] = [];
  const ids = share.cells.map(({ id }) => id);
  const each = (event: object) => () => clock.event({ runs: ids }, { seq: 1, cells: ids, ...event } as WorkerEvent);
  const speed = { start: 9, step: 0.4, evaluate: 3, finish: 3.5 };
  moments.push({ at: begin, do: () => clock.states(ids, "running") });
  let time = begin + speed.start;
  moments.push({ at: time, do: each({ type: "started", resumed_step: null }) });
  for (let step = 1; step <= STEPS; step++) {
    const lanes = lanesIn(apart, (step - 1) / STEPS_PER_EPOCH);
    time += speed.step * lanes;
    moments.push({ at: time, do: each(progress(step, lanes, laneEpochs(apart, "planned", step / STEPS_PER_EPOCH))) });
    if (step % STEPS_PER_EPOCH > 0) continue;
    const evaluated = lanesIn(apart, Math.min(step / STEPS_PER_EPOCH, EPOCHS - 0.02));
    time += speed.evaluate * evaluated;
    for (const id of ids.slice(0, evaluated)) {
      const event = { type: "metrics", seq: 1, cells: [id], split: "eval", step } as unknown as WorkerEvent;
      moments.push({ at: time, do: () => clock.event({ runs: [id] }, event) });
    }
  }
  moments.push({ at: time, do: each({ type: "tree" }) });
  for (const id of ids) {
    time += speed.finish;
    moments.push({
      at: time,
      do: () => {
        clock.event({ runs: [id] }, { type: "finished", seq: 1, cells: [id] } as unknown as WorkerEvent);
        clock.states([id], "finished");
      },
    });
  }
  return { moments, end: time };
}

const progress = (step: number, lanes: number, left: number) => ({
  type: "progress",
  phase: "train",
  step,
  lanes,
  lane_epochs_left: left,
});

const lanesIn = (cells: readonly PlannedCell[], epoch: number) =>
  Math.max(1, Math.round((laneEpochs(cells, "planned", epoch) - laneEpochs(cells, "planned", epoch + 0.01)) * 100));

/** Largest relative error of the estimate between the first epochs and the last seconds of the job. */
function worstError(
  cells: PlannedCell[],
  slots: number,
  apart = (share: Share, _: number) => share.cells,
): { worst: number; looks: number; shares: number } {
  let now = 0;
  const clock = new JobClock(slots, () => now * 1000);
  const shares = shareOut(cells, slots);
  clock.add(shares);
  const free = Array.from({ length: slots }, () => 0);
  const moments: Moment[] = [];
  for (const [index, share] of shares.entries()) {
    const slot = free.indexOf(Math.min(...free));
    const one = trained(clock, share, free[slot] ?? 0, apart(share, index));
    free[slot] = one.end;
    moments.push(...one.moments);
  }
  const end = Math.max(...free);
  const looks: number[] = [];
  let worst = 0;
  for (const moment of moments.toSorted((a, b) => a.at - b.at)) {
    now = moment.at;
    moment.do();
    const { secondsLeft, fraction } = clock.look();
    if (fraction < 0.1 || end - now < 10) continue;
    looks.push(fraction);
    worst = Math.max(worst, Math.abs((secondsLeft ?? 0) - (end - now)) / (end - now));
  }
  expect(looks).toEqual(looks.toSorted((a, b) => a - b)); // the fraction never goes back
  expect(clock.look()).toEqual({ fraction: 1, secondsLeft: 0 });
  return { worst, looks: looks.length, shares: shares.length };
}

describe("the error of the estimate, from a tenth of the work on, is below 20 %", () => {
  test.each([
    ["one tree", 1, 1],
    ["one tree cut for two slots", 1, 2],
    ["three seeds on two slots", 3, 2],
    ["five seeds on two slots", 5, 2],
    ["seven seeds on one slot", 7, 1],
  ])("%s", (_, seeds, slots) => {
    const { worst, looks } = worstError(grid(seeds), slots);
    expect(looks).toBeGreaterThan(80);
    expect(worst).toBeLessThan(0.2);
  });
  test("also if cells that were planned apart stay one lane in one share and part in the other", () => {
    const cells = grid(1, 4);
    for (const alike of [0, 1]) {
      const one = worstError(cells, 2, (share, index) => (index === alike ? share.cells.slice(0, 1) : share.cells));
      expect(one.shares).toBe(2);
      expect(one.worst).toBeLessThan(0.2);
    }
  });
});

const share = (changes: Partial<ShareTimes>): ShareTimes => ({
  kind: "a",
  state: "waiting",
  elapsed: 0,
  startSeconds: null,
  idle: 0,
  done: 0,
  trainSeconds: 0,
  left: 100,
  evaluations: 0,
  evaluateSeconds: 0,
  evaluationsLeft: 0,
  evalRows: 0,
  open: 1,
  finishes: 0,
  finishSeconds: 0,
  ...changes,
});
const running = (changes: Partial<ShareTimes> = {}) =>
  share({ state: "running", startSeconds: 0, done: 50, trainSeconds: 100, left: 50, ...changes });
const over = share({ state: "over", left: 0, open: 0, startSeconds: 4, done: 10, trainSeconds: 30 });

describe("timeLeft", () => {
  test("the time left is null before a measurement, and 0 when all is over", () => {
    expect(timeLeft([share({}), share({ state: "running" })], 2)).toBeNull();
    expect(timeLeft([over], 1)).toBe(0);
    expect(timeLeft([], 1)).toBe(0);
  });
  test("evaluations have their own speed, estimated from rows before the first one", () => {
    const evaluated = { evaluations: 4, evaluateSeconds: 12 };
    expect(timeLeft([running({ evaluationsLeft: 5, ...evaluated, open: 0 })], 1)).toBe(100 + 5 * 3);
    expect(timeLeft([running({ evaluationsLeft: 5, evalRows: 30, open: 0 })], 1)).toBe(100 + 5 * 20);
    expect(timeLeft([running({ ...evaluated, open: 2 })], 1)).toBe(100 + 2 * 3);
  });
  test("the current work counts down, but not to 0", () => {
    expect([10, 99].map((idle) => timeLeft([running({ idle })], 1))).toEqual([90, 50]);
  });
  test("waiting shares start in the slot that is free first", () => {
    const shares = [running({ left: 5 }), running({ left: 45 }), share({}), share({ left: 20 })];
    // 10 + 200 on the first slot, 90 + 40 on the second one
    expect(timeLeft(shares, 2)).toBe(210);
    expect(timeLeft(shares, 3)).toBe(200);
  });
  test("a start and a finish take as long as measured ones; another kind has its own speed", () => {
    const seen = { ...over, finishes: 2, finishSeconds: 6 };
    expect(timeLeft([seen, share({ open: 3 })], 1)).toBe(4 + 300 + 9);
    expect(timeLeft([seen, running({ kind: "b", startSeconds: 4 }), share({ kind: "b" })], 2)).toBe(4 + 200 + 3);
    expect(timeLeft([seen, share({ state: "running", elapsed: 3 })], 1)).toBe(1 + 300 + 3);
  });
});

test("stopped and not started runs are not done, and take no more time", () => {
  let now = 0;
  const clock = new JobClock(1, () => now);
  const shares = shareOut(grid(2, 1), 1);
  clock.add(shares);
  const [first = "", second = ""] = shares.flatMap(({ cells }) => cells.map(({ id }) => id));
  const say = (event: object) => clock.event({ runs: [first] }, { seq: 1, cells: [first], ...event } as WorkerEvent);
  clock.states([first], "running");
  say({ type: "started", resumed_step: null });
  now = 60_000;
  say(progress(STEPS / 2, 1, EPOCHS / 2));
  expect(clock.look().fraction).toBe(0.25);
  expect(clock.look().secondsLeft).toBeGreaterThan(60 + 120); // and the evaluations
  clock.states([first], "stopped");
  clock.states([second], "skipped");
  expect(clock.look()).toEqual({ fraction: 0.25, secondsLeft: 0 });
});

test("the job is not at its end after its last step: evaluating and saving take time", () => {
  const clock = new JobClock(1, () => 0);
  const [cell] = grid(1, 1);
  const id = cell?.id ?? "";
  clock.add(shareOut(grid(1, 1), 1));
  const say = (event: object) => clock.event({ runs: [id] }, { seq: 1, cells: [id], ...event } as WorkerEvent);
  clock.states([id], "running");
  say({ type: "started", resumed_step: null });
  say(progress(STEPS, 1, 0));
  expect(clock.look().fraction).toBe(0.99);
  clock.states([id], "finished");
  expect(clock.look().fraction).toBe(1);
});

test("a resumed tree counts only the work of this process", () => {
  let now = 0;
  const clock = new JobClock(1, () => now);
  clock.add(shareOut(grid(1, 1), 1));
  const [cell] = grid(1, 1);
  const say = (event: object) =>
    clock.event({ runs: [cell?.id ?? ""] }, { seq: 1, cells: ["x"], ...event } as WorkerEvent);
  clock.states([cell?.id ?? ""], "running");
  say({ type: "started", resumed_step: STEPS / 2 });
  now = 10_000;
  say(progress((STEPS * 3) / 4, 1, EPOCHS / 4));
  // Of three epochs at 20 / 3 s, 1.5 are left, and three evaluations and the check, guessed from 1000 rows each.
  expect(clock.look().fraction).toBe(0.5);
  expect(clock.look().secondsLeft).toBeCloseTo(10 + (4 * 1000 * (10 / 960)) / 3, 6);
});

test("a failed run takes no more time", () => {
  const clock = new JobClock(1, () => 0);
  const cells = grid(2, 1);
  clock.add(shareOut(cells, 1));
  for (const { id } of cells) clock.states([id], "failed");
  expect(clock.look()).toEqual({ fraction: 1, secondsLeft: 0 });
});
