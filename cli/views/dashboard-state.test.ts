import { describe, expect, test } from "vitest";
import { sampleEvents } from "../store/fixtures/sample.js";
import { progressOf } from "./dashboard-progress.js";
import type { DashboardState } from "./dashboard-state.js";
import { play, progress, type Step, samplePlan } from "./fixtures/job.js";

const PLAN = samplePlan(4, 2);
const [A = "", B = "", C = "", D = ""] = PLAN.cells.map((cell) => cell.id);
const BEGIN: Step = [0, { type: "begin", plan: PLAN }];
const cell = (state: DashboardState, id: string) => {
  const found = state.cells.get(id);
  if (!found) throw new Error(`no cell ${id}`);
  return found;
};

test("a run's life: waiting, running with its figures, ended with one line", () => {
  const running = play([
    BEGIN,
    [1, { type: "state", cell: A, state: "running" }],
    [2, { type: "event", cell: A, event: sampleEvents.started([A]) }],
    [3, { type: "event", cell: A, event: progress(1) }],
    [4, { type: "event", cell: A, event: sampleEvents.metrics([A], 5, 94, { accuracy: 0.7, loss: 0.5 }, "eval") }],
  ]);
  expect(cell(running, A)).toMatchObject({ state: "running", step: 1, score: 0.7, losses: [0.5], startedAt: 1000 });
  const ended = play(
    [
      [9, { type: "event", cell: A, event: sampleEvents.finished([A], 9) }],
      [9, { type: "state", cell: A, state: "finished" }],
      [9, { type: "state", cell: A, state: "finished" }],
    ],
    running,
  );
  expect(ended.lines).toMatchObject([{ key: `cell-${A}`, cell: { state: "finished", score: 0.81, endedAt: 9000 } }]);
  expect(running.lines).toEqual([]);
});

test("a failure keeps its reason, and what the runner says of a lost one", () => {
  const failed = {
    ...sampleEvents.finished([A], 1),
    type: "failed",
    error_type: "ValueError",
    message: "no",
    traceback: "",
  };
  const state = play([
    BEGIN,
    [1, { type: "state", cell: A, state: "running" }],
    [2, { type: "event", cell: A, event: failed as never }],
    [2, { type: "state", cell: A, state: "failed" }],
    [3, { type: "state", cell: B, state: "lost", detail: "killed by SIGKILL" }],
  ]);
  expect(state.lines.map((line) => (line.kind === "cell" ? line.cell.error : ""))).toEqual([
    "ValueError: no",
    "killed by SIGKILL",
  ]);
});

test("events and states of unknown runs change nothing", () => {
  const before = play([BEGIN]);
  const after = play(
    [
      [0, { type: "event", cell: "?", event: progress(1) }],
      [0, { type: "state", cell: "?", state: "lost" }],
    ],
    before,
  );
  expect(after).toEqual(before);
});

describe("losses", () => {
  const losses = (count: number, extra: Step[] = []) =>
    cell(
      play([
        BEGIN,
        ...Array.from({ length: count }, (_, i): Step => [i, { type: "event", cell: A, event: progress(i) }]),
        ...extra,
      ]),
      A,
    ).losses;
  test("are bounded, and cover the whole run", () => {
    expect(losses(500)).toHaveLength(500);
    const many = losses(5000);
    expect(many.length).toBeLessThan(512);
    expect(many.length).toBeGreaterThan(200);
    expect(many[0]).toBeGreaterThan(0.1);
    expect(many.at(-1)).toBeLessThan(0.001);
  });
  test("evaluation adds none; a divergence stays visible when they are thinned", () => {
    expect(
      losses(1, [[2, { type: "event", cell: A, event: progress(5, { phase: "evaluate", loss: 0.1 }) }]]),
    ).toHaveLength(1);
    const diverged: Step = [9, { type: "event", cell: A, event: sampleEvents.metrics([A], 1, 1, { loss: null }) }];
    const after = Array.from({ length: 600 }, (_, i): Step => [i, { type: "event", cell: A, event: progress(i) }]);
    expect(losses(3, [diverged, ...after])).toContain(null);
  });
});

describe("overall progress", () => {
  test("nothing is known before the first step", () => {
    expect(progressOf(play([BEGIN]))).toMatchObject({ fraction: 0, ended: 0, total: 4, secondsLeft: null });
  });
  test("time left from the time of a step so far, shared among the runs at a time", () => {
    const state = play([
      BEGIN,
      [0, { type: "state", cell: A, state: "running" }],
      [0, { type: "state", cell: B, state: "running" }],
      [50, { type: "event", cell: A, event: progress(50, { seconds_left: null }) }],
      [50, { type: "event", cell: B, event: progress(50, { seconds_left: null }) }],
    ]);
    // 300 of 400 steps are left at a second each, two at a time
    expect(progressOf(state)).toMatchObject({ fraction: 0.25, secondsLeft: 150 });
  });
  test("never less than the slowest run says itself", () => {
    const state = play([
      BEGIN,
      [0, { type: "state", cell: A, state: "running" }],
      ...[B, C, D].map((id): Step => [0, { type: "state", cell: id, state: "failed" }]),
      [1, { type: "event", cell: A, event: progress(50, { seconds_left: 300 }) }],
    ]);
    expect(progressOf(state)).toMatchObject({ fraction: 0.875, ended: 3, secondsLeft: 300 });
  });
  test("all over is all done, and a run of another process is waited for", () => {
    const over = play([BEGIN, ...[A, B, C, D].map((id): Step => [0, { type: "state", cell: id, state: "finished" }])]);
    expect(progressOf(over)).toMatchObject({ fraction: 1, secondsLeft: 0 });
    const elsewhere = play([[0, { type: "state", cell: A, state: "elsewhere" }]], play([BEGIN]));
    expect(progressOf(elsewhere).ended).toBe(0);
    expect(elsewhere.lines).toEqual([]);
  });
});
