import stringWidth from "string-width";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HOSTILE } from "../fixtures/hostile.js";
import { claimAll, claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "../store/fixtures/sample.js";
import { thisProcess } from "../store/owners/process.js";
import { listRuns, type RunRow } from "../store/read.js";
import type { Store } from "../store/store.js";
import { addTag, endAttempt, ingest, registerExperiment, writeLive } from "../store/write.js";
import { attempts } from "./attempts.js";
import { runSummary } from "./run-summary.js";
import { loadListed, runsTable } from "./runs-table.js";
import type { View } from "./view.js";

const LONG = "method.merges=3 method.injections=2 train.learning_rate=0.0004 seed=";
const [DONE, RUNNING, STOPPED, PLANNED] = ["a", "b", "c", "d"].map((digit, i) =>
  sampleCell(digit.repeat(16), { label: `${LONG}${i}`, seed: i }),
) as [
  ReturnType<typeof sampleCell>,
  ReturnType<typeof sampleCell>,
  ReturnType<typeof sampleCell>,
  ReturnType<typeof sampleCell>,
];

let temp: { folder: string; remove: () => void };
let store: Store;
beforeEach(() => {
  temp = disposableFolder();
  const trained = [DONE, RUNNING, STOPPED];
  const claimed = claimedStore(temp.folder, trained);
  store = claimed.store;
  registerExperiment(store, { name: "later", specFile: null, specText: "", cells: [PLANNED] });
  const evaluated = ({ id }: typeof DONE, seq: number, accuracy: number) =>
    say.metrics([id], seq, seq * 10, { accuracy }, "eval");
  ingest(store, claimed.attempts, [
    say.started(trained.map(({ id }) => id)),
    ...[evaluated(DONE, 2, 0.9), evaluated(DONE, 3, 0.7), say.finished([DONE.id], 4, 0.9)],
    ...[evaluated(RUNNING, 5, 0.8), evaluated(RUNNING, 6, 0.6)],
    ...[evaluated(STOPPED, 7, 0.5), evaluated(STOPPED, 8, 0.55)],
  ]);
  endAttempt(store, claimed.attempts.get(STOPPED.id) as number, "stopped");
});
afterEach(() => {
  store.close();
  temp.remove();
});

const listed = (choice: Parameters<typeof loadListed>[2] = "best") =>
  loadListed(store, listRuns(store, { sort: "run" }), choice);
const scores = (choice: Parameters<typeof loadListed>[2]) => listed(choice).map(({ score, final }) => [score, final]);

test("a run in training says how far it is, once its job has told", () => {
  const states = () =>
    listed().map((run) => /(running|stopped|finished|planned)[ \d%]*/.exec(runsTable([run], null))?.[0].trim());
  expect(states()[1]).toBe("running");
  const at = "2026-01-01T00:00:00.000Z";
  const attempt = listed()[1]?.attempt_id ?? 0;
  const more = { lane: 1, phase: "train" as const, epoch: 1, loss: null, tokens_per_second: null, seconds_left: null };
  writeLive(store, {
    owner: thisProcess(),
    job: { experiment: 1, fraction: 0, seconds_left: null, at },
    attempts: [{ attempt, step: 79, total_steps: 188, ...more, at }],
    devices: [],
  });
  expect(states()[1]).toBe("running 42%");
  expect(listed().map(({ live }) => live?.step)).toEqual([undefined, 79, undefined, undefined]);
});

test("runs that are not finished have their score until now, which is said not to be final", () => {
  expect(scores("best")).toEqual([
    [0.9, true],
    [0.8, false],
    [0.55, false],
    [null, false],
  ]);
  expect(scores("last").slice(1)).toEqual([
    [0.6, false],
    [0.55, false],
    [null, false],
  ]);
  expect(scores("fixed").map(([score]) => score)).toEqual([null, null, null, null]);
  const text = runsTable(listed(), null);
  expect(text).toMatch(/^bbbbbbbb .* running +~0\.8000 /m);
  expect(text).toMatch(/^cccccccc .* stopped +~0\.5500 /m);
  expect(text).toMatch(/^dddddddd .* planned +- /m);
  expect(text).toMatch(/\n~ not final: the best score until now$/);
  expect(runsTable(listed("last"), null, "last")).toContain("the newest score until now");
  expect(runsTable(listed().slice(0, 1), null)).not.toContain("~");
});

test("show and its attempts have the score until now too", () => {
  const text = (view: Pick<View, "load" | "text">) => {
    const run = listRuns(store, { sort: "run" })[1] as RunRow;
    return view.text(view.load(store, [run], {}), 100);
  };
  expect(text(runSummary)).toMatch(/^accuracy +~0\.8000 after epoch 0\.53: the best until now, not final$/m);
  expect(text(attempts)).toMatch(/running .* ~0\.8000 [\s\S]*\n~ not final: the best score until now$/);
});

test("the title names the score; where tasks mix, each line does", () => {
  expect(runsTable(listed(), null).split("\n")[0]).toContain("accuracy (best)");
  store.db.prepare("UPDATE attempts SET score_name = 'matthews_correlation' WHERE run = ?").run(DONE.id);
  const text = runsTable(listed(), null);
  expect(text.split("\n")[0]).toContain("  score (best)");
  expect(text).toMatch(/matthews_correlation 0\.9000/);
  expect(text).toMatch(/accuracy ~0\.8000/);
});

test("a finished run that is trained again says so, and keeps its score", () => {
  claimAll(store, [DONE], true);
  expect(runsTable(listed(), null)).toMatch(/^aaaaaaaa .* running again +0\.9000 /m);
});

test.each([60, 80, 100, 120, 160])("%i columns: the label stays and can be told apart, no line is wider", (width) => {
  addTag(store, "a-tag", [DONE.id]);
  const lines = runsTable(listed(), width).split("\n");
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  for (const i of [0, 1, 2, 3]) expect(lines.join("\n")).toMatch(new RegExp(`^[a-d]{8} {2}seed=${i} `, "m"));
  expect(lines.join(" ")).toContain("every label: method.merges=3 method.injections=2");
  if (width < 120) expect(lines.join("\n")).toContain("left out:");
});

test("tags have a column where there are any", () => {
  expect(runsTable(listed(), null)).not.toContain("tags");
  addTag(store, "paper", [DONE.id]);
  addTag(store, "good", [DONE.id]);
  expect(runsTable(listed(), null)).toMatch(/^aaaaaaaa .* good paper$/m);
});

test("control characters of a label stay in their line", () => {
  store.db.prepare("UPDATE runs SET label = ?").run(HOSTILE);
  expect(runsTable(listed(), null).split("\n")).toHaveLength(6);
});
