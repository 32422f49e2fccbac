/** Views of a job: the summary, plain lines and NDJSON. */
import { expect, test } from "vitest";
import { JobModel } from "../job/model.js";
import type { CellSummary, JobPlan, JobSummary, PlanCell } from "../job/reporter.js";
import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import { sampleEvents } from "../store/fixtures/sample.js";
import type { NextStart } from "../store/read.js";
import { tooWide } from "./fixtures/too-wide.js";
import { createNdjson } from "./ndjson.js";
import { createPlain } from "./plain.js";
import { renderSummary } from "./summary.js";

const cell = (changes: Partial<CellSummary>): CellSummary => ({
  id: "3fa94d1c00000000",
  label: "method=lora",
  method: "lora",
  state: "finished",
  scoreName: "accuracy",
  bestScore: 0.8125,
  bestEpoch: 2,
  lastScore: 0.81,
  reportEpoch: null,
  fixedScore: null,
  chosenOn: "eval",
  collapsed: false,
  collapsedTo: null,
  majorityScore: 0.5,
  trainableParameters: 73_728,
  headParameters: 148_610,
  seconds: 51.23,
  tokensPerSecond: 2345.6,
  next: null,
  ...changes,
});

const failed = cell({
  id: "9b2e77aa00000000",
  label: "method=lor2c",
  method: "lor2c",
  state: "failed",
  bestScore: null,
  bestEpoch: null,
  seconds: null,
  tokensPerSecond: null,
  error: {
    type: "ValueError",
    message: "no such layer\n(12)",
    stderrTail: ["Traceback", "ValueError"],
    logFile: "/x/worker.log",
  },
});

const summary = (cells: CellSummary[]): JobSummary => ({
  name: "quickstart",
  experiment: 1,
  dbPath: "/x/lor2c.db",
  outcome: cells.includes(failed) ? "failed" : "finished",
  again: null,
  cells,
  repeats: [],
  evaluations: [],
  sameRows: true,
  alerts: [],
  invalid: [],
  notes: ["a seeded subset of 3000 of 8455 rows"],
  seconds: 103.4,
});

test("the summary: scores beside the majority class, why a run has none, notes, and the last lines", () => {
  expect(renderSummary(summary([cell({}), failed]), null)).toBe(
    `quickstart: 2 runs, 1 finished, 1 failed, in 1m 43s

run       label         method  accuracy  epoch  trainable   took
3fa94d1c  method=lora   lora      0.8125      2     73,728  51.2s
9b2e77aa  method=lor2c  lor2c     failed      -     73,728      -
accuracy after the best epoch; majority class 0.5000; trainable + 148,610 head

note: a seeded subset of 3000 of 8455 rows

failed: method=lor2c (9b2e77aa)
    ValueError: no such layer
    (12)
    | Traceback
    | ValueError
    log: /x/worker.log

stored in /x/lor2c.db`,
  );
});

test.each([60, 80, 120])(
  "the summary fits into %i columns: labels keep what differs, what is left out is named",
  (width) => {
    const long = Array.from({ length: 3 }, (_, seed) =>
      cell({
        label: `method=imlor2c train.learning_rate=0.0004 rank=8 merges=2 seed=${seed}`,
        id: `${seed}`.padEnd(16, "0"),
      }),
    );
    const noted = { ...summary([...long, failed]), notes: [`${"a note of many words ".repeat(9)}at last`] };
    const lines = renderSummary(noted, width).split("\n");
    expect(tooWide(lines.join("\n"), width)).toEqual([]);
    for (const seed of [0, 1, 2])
      expect(lines.some((line) => new RegExp(`^${seed}0{7}  m.*[ =…]${seed} `).test(line))).toBe(true);
    const text = lines.join("\n");
    expect(text).toMatch(/^note: a note[^\n]*\n {2}\w[\s\S]*at last$/m);
    if (width < 80) expect(text).toMatch(/^left out: .*took\s+\(a\s+wider terminal shows them\)$/m);
  },
);

test("runs that failed alike are listed together", () => {
  const others = Array.from({ length: 9 }, (_, i) => ({ ...failed, id: `${i}`.padEnd(16, "0"), label: `merges=${i}` }));
  const other = { ...failed, label: "other", error: { type: "KeyError", message: "x", stderrTail: [], logFile: "/y" } };
  const text = renderSummary(summary([...others, other]), null);
  expect(text.match(/ValueError: no such layer/g)).toHaveLength(1);
  expect(text).toMatch(/^failed: merges=0 \(00000000\), [^:]*,\s+merges=7 \(70000000\) and 1 more\n {4}ValueError/m);
  expect(text).toMatch(/^failed: other \(9b2e77aa\)\n {4}KeyError: x\n {4}log: \/y$/m);
});

const DIVERGED = {
  type: "Diverged",
  message: "the loss was not finite from step 1200 on",
  stderrTail: [],
  logFile: "/x",
};

test("a run that diverged says so, and at which step, in its row and below", () => {
  const text = renderSummary(summary([cell({}), cell({ ...failed, error: DIVERGED })]), null);
  expect(text).toMatch(/^9b2e77aa {2}method=lor2c {2}lor2c +diverged at step 1,200 /m);
  expect(text).toContain("    diverged at step 1,200: the loss was not finite from step 1200 on\n    log: /x\n");
});

test("plain: each run that diverged names its step; only the first says more", () => {
  const { model, lines } = plainJob();
  const bundle = model.begin(new Map([["3fa94d1c00000000", 1]]));
  const { type: error_type, message } = DIVERGED;
  model.event(bundle, { type: "failed", seq: 1, cells: ["3fa94d1c00000000"], error_type, message, traceback: "" });
  const other = model.begin(new Map([["9b2e77aa00000000", 1]]));
  const later = message.replace("1200", "1300");
  model.event(other, {
    type: "failed",
    seq: 1,
    cells: ["9b2e77aa00000000"],
    error_type,
    message: later,
    traceback: "",
  });
  expect(lines).toEqual([
    expect.stringMatching(/: failed: diverged at step 1,200: the loss was not finite from step 1200 on$/),
    expect.stringMatching(/: failed: diverged at step 1,300$/),
  ]);
  expect(model.runs.get("9b2e77aa00000000")?.reason).toMatch(/^diverged at step 1,300: /);
});

test("plain: a run that is over says what else there is to know", () => {
  const { model, lines } = plainJob();
  const bundle = model.begin(new Map([["3fa94d1c00000000", 1]]));
  const notes = ["stopped early after epoch 7 of 30: no better accuracy for 3 evaluations"];
  model.event(bundle, { ...sampleEvents.finished(["3fa94d1c00000000"], 1), notes, collapsed: true });
  expect(lines).toEqual([
    expect.stringMatching(
      /1m; collapsed: all predictions are alike; stopped early after epoch 7 of 30: no better accuracy for 3 evaluations$/,
    ),
  ]);
});

test("after Ctrl-C the summary says what the same command does with the remaining runs", () => {
  const stopped = (seed: number, next: NextStart) => cell({ state: "stopped", label: `seed=${seed}`, next });
  const kept = { from: "checkpoint", step: 107, total_steps: 1280 } as const;
  const zero = (why: Extract<NextStart, { from: "zero" }>["why"]) => ({ from: "zero", why }) as const;
  const last = (cells: CellSummary[], changes: Partial<JobSummary> = {}) =>
    renderSummary({ ...summary(cells), outcome: "interrupted", ...changes }, null).split("stored in /x/lor2c.db")[1];
  expect(last([cell({}), stopped(1, kept)])).toBe(`
the same command trains the rest:
  1 run goes on from the checkpoint of step 107 of 1,280 (seed=1)`);
  const all = [kept, kept, zero("no_checkpoint"), zero("trains_nothing"), zero("failed")];
  const planned = [6, 7, 8, 9].map((seed) => ({ ...stopped(seed, zero("never_began")), state: "planned" as const }));
  const cells = [...all.map((next, i) => stopped(i + 1, next)), ...planned];
  expect(last(cells, { again: "--force" })).toBe(`
the same command begins every run again (--force); without that option:
  2 runs go on from the checkpoint of step 107 of 1,280 (seed=1, seed=2)
  1 run begins again (seed=3): no checkpoint was written
  1 run begins again (seed=4): its method trains nothing, so there are no
    checkpoints
  1 run begins again (seed=5): it failed, and from a checkpoint it would fail
    again
  4 runs begin (seed=6, seed=7, seed=8, and 1 more)`);
  expect(last([cell({})])).toBe("");
  expect(last([failed], { outcome: "failed" })).toBe("");
});

test("cells that cannot run are listed with their reason, once", () => {
  const labels = Array.from({ length: 10 }, (_, i) => `merges=${90 + i}`);
  const text = renderSummary({ ...summary([cell({})]), invalid: [{ reason: "12 layers only", labels }] }, null);
  expect(text).toMatch(/^quickstart: 1 run, 1 finished, 10 left out, in /);
  expect(text).toContain(
    `\n\nleft out, cannot run: 12 layers only\n${labels
      .slice(0, 8)
      .map((l) => `    ${l}\n`)
      .join("")}    and 2 more\n\n`,
  );
});

test("two kinds of score have their names in the cells; a regression has no majority class", () => {
  const text = renderSummary(summary([cell({}), cell({ scoreName: "pearson", majorityScore: null })]), null);
  expect(text).toContain("score (majority class)  epoch");
  expect(text).toMatch(/accuracy 0\.8125 \(0\.5000\)/);
  expect(text).toMatch(/pearson 0\.8125 {2,}/);
});

test("a fixed epoch has its own column, and a collapsed run says so in its row and below", () => {
  const text = renderSummary(
    summary([
      cell({ reportEpoch: 3, fixedScore: 0.79 }),
      cell({ id: "9b2e77aa00000000", label: "seed=2", reportEpoch: 3, collapsed: true, collapsedTo: "posi\ntive" }),
    ]),
    null,
  );
  expect(text).toContain("epoch  at epoch 3  trainable");
  expect(text).toMatch(/^3fa94d1c .* 2 {6}0\.7900 {5}73,728/m);
  expect(text).toMatch(/^9b2e77aa .* collapsed 0\.8125 +2 +- /m);
  expect(text).toContain(
    "\ncollapsed: one and the same prediction for all evaluation rows: seed=2\n  (9b2e77aa): posi tive; `lor2c show`",
  );
  const two = renderSummary(summary([cell({ reportEpoch: 3, fixedScore: 0.79 }), cell({ reportEpoch: 5 })]), null);
  expect(two).toContain("at fixed epoch");
  expect(two).toMatch(/0\.7900 \(3\)[\s\S]* - \(5\)/);
});

const progress = (step: number): EventOf<"progress"> => ({
  type: "progress",
  seq: 1,
  cells: ["3fa94d1c00000000"],
  phase: "train",
  step,
  total_steps: 94,
  epoch: 0,
  loss: 0.51234,
  lanes: 1,
  lane_epochs_left: 1.5,
  tokens_per_second: 2345,
});

const OTHER = "9b2e77aa00000000";
const JOB: JobPlan = {
  name: "x",
  experiment: 1,
  dbPath: "/x/lor2c.db",
  jobs: 1,
  invalid: [],
  devices: ["cpu"],
  cells: ["3fa94d1c00000000", OTHER].map((id, i) => {
    return { id, label: `seed=${i + 1}`, trainableParameters: 1, headParameters: 1, state: "planned", totalSteps: 94 };
  }),
};

/** The plain lines for the events and states that a test makes. */
function plainJob(cells = JOB.cells) {
  const lines: string[] = [];
  const waits: (string | null)[] = [];
  const clock = { time: 0 };
  const plain = createPlain({
    write: (line) => lines.push(line),
    now: () => clock.time,
    wait: (wait) => waits.push(wait?.kind ?? null),
  });
  const model = new JobModel(
    cells,
    [plain],
    { event() {}, states() {}, secondsLeft: () => 12, look: () => ({ fraction: 0, secondsLeft: null }) },
    () => clock.time,
  );
  plain.begin({ ...JOB, cells }, model);
  lines.length = 0;
  return { plain, model, lines, waits, clock };
}

test("plain: evaluations, changes and outcomes; progress at intervals; no line for each training metric", () => {
  const alone = JOB.cells.map((one) => (one.id === OTHER ? { ...one, state: "finished" as const } : one));
  const { model, lines, clock } = plainJob(alone);
  const id = "3fa94d1c00000000";
  const bundle = model.begin(new Map([[id, 1]]));
  const base = { seq: 1, cells: [id], step: 47, epoch: 1 };
  const said = (event: object) => {
    lines.length = 0;
    model.event(bundle, event as WorkerEvent);
    return lines.join("\n");
  };
  clock.time = 60_000;
  expect(said(progress(40))).toBe("3fa94d1c  seed=1: step 40 of 94, loss 0.5123, 2,345 tokens/s, 12.0s left");
  clock.time += 29_000;
  expect(said(progress(50))).toBe("");
  clock.time += 1_000;
  expect(said(progress(51))).not.toBe("");
  expect(said({ ...base, type: "metrics", split: "train", values: { loss: 1 }, diverged: [] })).toBe("");
  expect(said({ ...base, type: "metrics", split: "train", values: { loss: null }, diverged: ["loss"] })).toContain(
    "step 47: loss not a finite number",
  );
  const metrics = (split: string, values: object) => said({ ...base, type: "metrics", split, values, diverged: [] });
  const evaluated = "3fa94d1c  seed=1: epoch 1: loss 0.4, accuracy 0.81";
  expect(metrics("eval", { loss: 0.4, accuracy: 0.81 })).toBe(evaluated);
  expect(metrics("holdout", { accuracy: 0.8 })).toBe(""); // one line for an epoch
  expect(metrics("eval", { loss: 0.4, accuracy: 0.81 })).toBe(`${evaluated}; held-out rows: accuracy 0.8`);
  expect(metrics("eval", { loss: 0.4, accuracy: 0.81 })).toBe(evaluated);
  const change = { ...base, type: "change", kind: "merge", span_start: 2, span_end: 3, trainable_parameters: 33_792 };
  expect(said(change)).toContain("epoch 1: layers 2 to 3 merged, 33,792 trainable parameters left");
  // A resumed run repeats earlier events for the database; plain output does not show them again.
  const started = { ...base, type: "started", score_name: "accuracy", total_steps: 94, resumed_step: 47 };
  expect(said(started)).toBe("3fa94d1c  seed=1: resumes after step 47 of 94");
  expect(said(change)).toBe("");
  expect(said({ ...base, type: "metrics", split: "eval", values: { accuracy: 0.8 }, diverged: [] })).toBe("");
  expect(said({ ...change, step: 48 })).not.toBe("");
  lines.length = 0;
  model.set([OTHER], "elsewhere", "process 7 on host");
  model.set([OTHER], "running");
  expect(lines).toEqual(["9b2e77aa  seed=2: is trained by another lor2c process (process 7 on host)"]);
});

test("plain: what the job waits for is told until its first run trains, not again for each run", () => {
  const { model, waits } = plainJob();
  const [first = "", second = ""] = JOB.cells.map(({ id }) => id);
  const doing = { type: "doing", seq: 1, request: "train", what: "weights", of: "minilm" } as const;
  const train = (run: string) => {
    const bundle = model.begin(new Map([[run, 1]]));
    model.event(bundle, doing);
    model.event(bundle, { ...progress(1), cells: [run] });
  };
  train(first);
  expect(waits).toEqual(["start", "doing", null]);
  train(second);
  expect(waits).toHaveLength(3);
});

test("plain: a job of several runs has a line about the whole at intervals, and none for each lane", () => {
  const { plain, model, lines, clock } = plainJob();
  const both = JOB.cells.map(({ id }) => id);
  const bundle = model.begin(new Map(both.map((id, i) => [id, i])));
  const said = (fraction: number, secondsLeft: number | null) => {
    lines.length = 0;
    plain.timeLeft?.({ fraction, secondsLeft });
    return lines;
  };
  clock.time = 31_000;
  model.event(bundle, { ...progress(40), cells: both });
  expect(lines).toEqual([]);
  expect(said(0.129, null)).toEqual([]);
  expect(said(0.129, 0)).toEqual([]); // stopped: nothing is left to wait for
  expect(said(0.129, 724)).toEqual([
    "12% of the job, 0 of 2 runs finished, about 12m 4s left; in training: 2 runs: seed=1..2 (step 40 of 94)",
  ]);
  clock.time += 29_000;
  expect(said(0.3, 500)).toEqual([]);
  clock.time += 1_000;
  model.event(bundle, { ...progress(50), cells: [OTHER] });
  expect(said(0.3, 500)).toEqual([expect.stringMatching(/: 3fa94d1c seed=1 \(step 40 of 94\), 9b2e77aa seed=2 \(/)]);
  lines.length = 0;
  model.set(both, "lost", "killed");
  expect(lines).toEqual(["2 runs: seed=1..2: lost (killed)"]);
});

test("plain: of many lanes a progress line tells only how far they are", () => {
  const ids = Array.from({ length: 5 }, (_, i) => `${i}`.padEnd(16, "0"));
  const cells = ids.map((id, seed) => ({ ...(JOB.cells[0] as PlanCell), id, label: `seed=${seed}` }));
  const { plain, model, lines, clock } = plainJob(cells);
  const bundle = model.begin(new Map(ids.map((id, i) => [id, i])));
  for (const [i, id] of ids.entries()) model.event(bundle, { ...progress(40 + i), cells: [id] });
  clock.time = 30_000;
  plain.timeLeft?.({ fraction: 0.5, secondsLeft: 9 });
  expect(lines.at(-1)).toMatch(/; in training: 5 runs in 5 lanes \(step 40 to 44 of 94\)$/);
});

test("plain: runs that finish as one share a line once the last of them is checked; others have one each", () => {
  const { model, lines } = plainJob();
  const both = JOB.cells.map(({ id }) => id);
  const [first = "", second = ""] = both;
  let bundle = model.begin(new Map());
  /** They train as one, or each alone, to their last step. */
  const train = (...lanes: string[][]) => {
    bundle = model.begin(new Map(both.map((id, i) => [id, i])));
    for (const cells of lanes) model.event(bundle, { ...progress(94), cells });
  };
  const finish = (run: string, seconds: number) => {
    lines.length = 0;
    model.event(bundle, { ...sampleEvents.finished([run], 1), total_seconds: seconds });
    return lines;
  };
  train(both);
  expect(finish(first, 55)).toEqual([]);
  expect(finish(second, 56)).toEqual([expect.stringMatching(/^2 runs: seed=1\.\.2: finished: .*, 56\.0s each/)]);
  train([first], [second]);
  expect(finish(first, 55)).toEqual([expect.stringMatching(/seed=1: finished: .*, 55\.0s$/)]);
  expect(finish(second, 56)).toEqual([expect.stringMatching(/seed=2: finished: .*, 56\.0s$/)]);
  train(both);
  expect(finish(first, 55)).toEqual([]);
  model.set([second], "lost");
  expect(lines).toEqual([expect.stringMatching(/seed=1: finished/), expect.stringMatching(/seed=2: lost/)]);
});

test("NDJSON: names the runs of a lane once and not in its events, uses snake case, and ends with the summary", () => {
  const lines: object[] = [];
  const ndjson = createNdjson((value) => lines.push(value));
  const model = new JobModel(JOB.cells, [ndjson]);
  const both = JOB.cells.map(({ id }) => id);
  const bundle = model.begin(new Map(both.map((id, i) => [id, i])));
  const { cells: _, ...own } = progress(1);
  for (const step of [1, 2]) model.event(bundle, { ...progress(step), cells: both });
  model.event(bundle, { ...progress(3), cells: [OTHER] });
  model.event(bundle, { type: "done", seq: 9, request: "train", error: null, events: 9 });
  model.set(both, "stopped", "asked");
  ndjson.timeLeft?.({ fraction: 0.5, secondsLeft: 3 });
  ndjson.end(summary([failed]));
  expect(lines.slice(0, -1)).toEqual([
    { type: "lane", lane: 1, runs: both },
    { type: "state", runs: both, state: "running", detail: null },
    { type: "event", lane: 1, event: own },
    { type: "event", lane: 1, event: { ...own, step: 2 } },
    { type: "lane", lane: 2, runs: [OTHER] },
    { type: "event", lane: 2, event: { ...own, step: 3 } },
    { type: "event", lane: 1, event: { type: "done", seq: 9, request: "train", error: null, events: 9 } },
    { type: "state", runs: both, state: "stopped", detail: "asked" },
    { type: "progress", fraction: 0.5, seconds_left: 3 },
  ]);
  expect(lines.at(-1)).toMatchObject({
    type: "summary",
    db_path: "/x/lor2c.db",
    cells: [{ score_name: "accuracy", error: { stderr_tail: ["Traceback", "ValueError"], log_file: "/x/worker.log" } }],
  });
});

test("plain and summary: a score without a constant answer's score names none", () => {
  const { model, lines } = plainJob();
  const bundle = model.begin(new Map([["3fa94d1c00000000", 1]]));
  model.event(bundle, {
    ...sampleEvents.finished(["3fa94d1c00000000"], 1),
    score_name: "pearson",
    majority_score: null,
  });
  expect(lines.join()).toMatch(/finished: pearson \d\.\d+ after epoch \d+, /);
  expect(renderSummary(summary([cell({ scoreName: "pearson", majorityScore: null })]), null)).toMatch(
    / pearson +epoch [\s\S]*\npearson after the best epoch; trainable \+ 148,610 head/,
  );
});
