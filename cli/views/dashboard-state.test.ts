import { describe, expect, test } from "vitest";
import type { LaneFacts } from "../job/lane.js";
import { sampleEvents } from "../store/fixtures/sample.js";
import { headerOf } from "./dashboard-header.js";
import { liveLines } from "./dashboard-lines.js";
import { progress, SampleJob, samplePlan } from "./fixtures/job.js";

const PLAN = samplePlan(4, 2);
const [A = "", B = "", C = "", D = ""] = PLAN.cells.map((cell) => cell.id);
const factsOf = (job: SampleJob, id: string): LaneFacts => {
  const facts = job.model.runs.get(id)?.lane?.facts;
  if (!facts) throw new Error(`no lane of ${id}`);
  return facts;
};

test("a run waits, runs with its numbers, and ends with one line", () => {
  const job = new SampleJob(PLAN);
  job
    .at(1)
    .begin(A)
    .at(2)
    .event(sampleEvents.started([A]));
  job.at(3).event(progress(1, { cells: [A] }));
  job.at(4).event(sampleEvents.metrics([A], 5, 94, { accuracy: 0.7, loss: 0.5 }, "eval"));
  expect(job.model.runs.get(A)).toMatchObject({ state: "running", startedAt: 1000 });
  expect(factsOf(job, A)).toMatchObject({ step: 1, score: 0.7, losses: { values: [0.5] } });
  expect(job.dashboard.lines).toEqual([]);
  job.at(9).event(sampleEvents.finished([A], 9));
  job.model.set([A], "finished");
  expect(job.dashboard.lines).toMatchObject([{ kind: "ended", state: "finished", facts: { score: 0.81 }, seconds: 8 }]);
});

test("a failed run keeps its reason, and a lost one the runner's message", () => {
  const failed = {
    ...sampleEvents.finished([A], 1),
    type: "failed",
    error_type: "ValueError",
    message: "no",
    traceback: "",
  };
  const job = new SampleJob(PLAN).at(1).begin(A, B);
  job.at(2).event(failed as never);
  job.model.set([B], "lost", "killed by SIGKILL");
  expect(job.dashboard.lines).toMatchObject([{ reason: "ValueError: no" }, { reason: "killed by SIGKILL" }]);
});

test("runs that end together share a line", () => {
  const job = new SampleJob(PLAN).at(1).begin(A, B, C);
  job.model.set([A, B, C], "lost", "killed by SIGKILL");
  expect(job.dashboard.lines).toMatchObject([{ label: "3 runs: method=some rank=0..2", reason: "killed by SIGKILL" }]);
});

test("an event about runs that its worker was not given changes nothing", () => {
  const job = new SampleJob(PLAN).begin(A);
  const before = factsOf(job, A);
  const bundle = job.model.begin(new Map([[B, 1]]));
  expect(job.model.event(bundle, progress(1, { cells: [A] }))).toBeUndefined();
  expect(job.model.event(bundle, progress(1, { cells: ["?"] }))).toBeUndefined();
  expect(factsOf(job, A)).toBe(before);
});

describe("losses", () => {
  const losses = (count: number, more: (job: SampleJob) => void = () => {}) => {
    const job = new SampleJob(PLAN).begin(A);
    for (let i = 0; i < count; i++) job.at(i).event(progress(i, { cells: [A] }));
    more(job);
    return factsOf(job, A).losses.values;
  };
  test("are limited in number, and cover the whole run", () => {
    expect(losses(500)).toHaveLength(500);
    const many = losses(5000);
    expect(many.length).toBeLessThan(512);
    expect(many.length).toBeGreaterThan(200);
    expect(many[0]).toBeGreaterThan(0.1);
    expect(many.at(-1)).toBeLessThan(0.001);
  });
  test("evaluation adds none; thinning keeps a divergence visible", () => {
    const evaluated = progress(5, { cells: [A], phase: "evaluate", loss: 0.1 });
    expect(losses(1, (job) => job.at(2).event(evaluated))).toHaveLength(1);
    const after = losses(3, (job) => {
      job.at(9).event(sampleEvents.metrics([A], 1, 1, { loss: null }));
      for (let i = 0; i < 600; i++) job.at(i).event(progress(i, { cells: [A] }));
    });
    expect(after).toContain(null);
  });
});

describe("overall progress", () => {
  const running = () => new SampleJob(PLAN).begin(A).begin(B);

  test("nothing is known before the runner's first estimate", () => {
    const none = { fraction: 0, finished: 0, total: 4, secondsLeft: null };
    expect(headerOf(new SampleJob(PLAN).dashboard)).toMatchObject(none);
    const job = running().at(3);
    expect(headerOf(job.dashboard).secondsLeft).toBeNull();
  });
  test("what the job's clock tells", () => {
    const job = running().at(10);
    job.left = { fraction: 0.25, secondsLeft: 110 };
    expect(headerOf(job.dashboard)).toMatchObject({ fraction: 0.25, secondsLeft: 110 });
  });
  test("runs that were stopped, failed or not started are not finished", () => {
    const job = running().at(4);
    job.left = { fraction: 0.4, secondsLeft: 80 };
    job.at(5).model.set([A], "finished");
    job.model.set([B], "stopped");
    job.model.set([C], "failed");
    job.model.set([D], "skipped");
    expect(headerOf(job.dashboard)).toMatchObject({ fraction: 0.4, finished: 1, total: 4, secondsLeft: null });
    const text = liveLines(job.dashboard, 100, 24).map((line) => line.text);
    expect(text[0]).toBe("quick: 1 finished, 1 stopped, 1 failed, 1 not started");
    expect(text[1]).toMatch(/ 40% {2}1 of 4 runs *$/);
  });
  test("a job is done when all runs are finished, and waits for a run of another process", () => {
    const over = new SampleJob(PLAN);
    over.model.set([A, B, C, D], "finished");
    expect(headerOf(over.dashboard)).toMatchObject({ fraction: 1, finished: 4, secondsLeft: null });
    const elsewhere = new SampleJob(PLAN);
    elsewhere.model.set([A], "elsewhere", "process 7 on host");
    expect(headerOf(elsewhere.dashboard).finished).toBe(0);
    expect(elsewhere.dashboard.lines).toEqual([]);
  });
});
