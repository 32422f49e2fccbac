import { describe, expect, test } from "vitest";
import { sampleEvents } from "../store/fixtures/sample.js";
import { liveLines } from "./dashboard-lines.js";
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
  const job = (fraction: number, secondsLeft: number | null) =>
    ({ type: "progress", job: { fraction, secondsLeft } }) as const;
  const running: Step[] = [A, B].map((id): Step => [0, { type: "state", cell: id, state: "running" }]);

  test("nothing is known before the runner says something", () => {
    expect(progressOf(play([BEGIN]))).toMatchObject({ fraction: 0, finished: 0, total: 4, secondsLeft: null });
    expect(progressOf(play([BEGIN, ...running, [3, job(0, null)]])).secondsLeft).toBeNull();
  });
  test("what it said counts down until it speaks again", () => {
    const state = play([BEGIN, ...running, [10, job(0.25, 150)], [50, { type: "tick" }]]);
    expect(progressOf(state)).toMatchObject({ fraction: 0.25, secondsLeft: 110 });
    expect(progressOf(play([[500, { type: "tick" }]], state)).secondsLeft).toBe(0);
    expect(progressOf(play([[51, job(0.5, 90)]], state))).toMatchObject({ fraction: 0.5, secondsLeft: 90 });
  });
  test("runs that were stopped, failed or not started are not finished", () => {
    const ends: Step[] = [
      [5, { type: "state", cell: A, state: "finished" }],
      [5, { type: "state", cell: B, state: "stopped" }],
      [5, { type: "state", cell: C, state: "failed" }],
      [5, { type: "state", cell: D, state: "skipped" }],
    ];
    const state = play([BEGIN, ...running, [4, job(0.4, 80)], ...ends]);
    expect(progressOf(state)).toMatchObject({ fraction: 0.4, finished: 1, total: 4, secondsLeft: null });
    const text = liveLines(state, 100, 24).map((line) => line.text);
    expect(text[0]).toBe("quick: 1 finished, 1 stopped, 1 failed, 1 not started");
    expect(text[1]).toMatch(/ 40% {2}1 of 4 runs *$/);
  });
  test("all finished is all done, and a run of another process is waited for", () => {
    const over = play([BEGIN, ...[A, B, C, D].map((id): Step => [0, { type: "state", cell: id, state: "finished" }])]);
    expect(progressOf(over)).toMatchObject({ fraction: 1, finished: 4, secondsLeft: null });
    const elsewhere = play([[0, { type: "state", cell: A, state: "elsewhere" }]], play([BEGIN]));
    expect(progressOf(elsewhere).finished).toBe(0);
    expect(elsewhere.lines).toEqual([]);
  });
});
