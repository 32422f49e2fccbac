import { afterEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { alertsOf, alertsOfAttempts, PLATEAU, raise } from "./alerts.js";
import { claimAll, claimedStore, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { getRun } from "./read.js";
import type { Store } from "./store.js";
import { endAttempt, ingest } from "./write.js";

const A = sampleCell("a".repeat(16));
const B = sampleCell("b".repeat(16), { seed: 2 });

let store: Store;
let attempts: Map<string, number>;
afterEach(() => store.close());

function open(): void {
  ({ store, attempts } = claimedStore(tempFolder(), [A, B]));
  ingest(store, attempts, [say.ready(), say.started([A.id, B.id])]);
}

const kinds = (run = A.id) => alertsOf(store, run).map(({ kind, level }) => `${kind} ${level}`);

/** Evaluations with these scores, from step 10 on in steps of 10, numbered from `seq` on. */
const evaluations = (scores: (number | null)[], seq = 2, name = "accuracy", split: "eval" | "holdout" = "eval") =>
  scores.map((score, index) => ({ ...say.metrics([A.id], seq + index, 10 * (index + 1), { [name]: score }), split }));

test("a score that does not improve over so many evaluations is a plateau, once until it improves", () => {
  open();
  ingest(store, attempts, evaluations([0.5, 0.7, ...Array(PLATEAU - 1).fill(0.7)]));
  expect(kinds()).toEqual([]);
  const whole = [0.5, 0.7, ...Array(PLATEAU + 2).fill(0.7), 0.8, ...Array(PLATEAU).fill(0.6)];
  ingest(store, attempts, evaluations(whole).slice(PLATEAU + 1));
  expect(kinds()).toEqual(["plateau info", "plateau info"]);
  const [first, second] = alertsOf(store, A.id);
  expect(first).toMatchObject({ step: 10 * (2 + PLATEAU), attempt: 1, run: A.id });
  expect(first?.message).toBe(
    "accuracy has not improved over the last 10 evaluations: 0.7000 after epoch 0.21 is the best",
  );
  expect(second?.message).toContain(": 0.8000 after epoch");
  expect(kinds(B.id)).toEqual([]);
});

test("where held-out rows choose the epoch, they decide about a plateau; a loss improves when it falls", () => {
  open();
  ingest(store, attempts, [{ ...say.started([A.id], 2), score_name: "loss" }]);
  const falling = Array.from({ length: PLATEAU + 1 }, (_, index) => 1 - index / 100);
  ingest(store, attempts, evaluations(falling, 3, "loss", "holdout"));
  ingest(store, attempts, evaluations(Array(PLATEAU + 3).fill(0.9), 50, "loss", "eval"));
  expect(kinds()).toEqual([]);
});

test("a value that is not finite is an alert, which the run's failure for it replaces", () => {
  open();
  ingest(store, attempts, [say.metrics([A.id, B.id], 2, 7, { loss: null })]);
  ingest(store, attempts, [say.metrics([A.id, B.id], 3, 9, { loss: null })]);
  expect(alertsOf(store, B.id)).toMatchObject([
    { kind: "not_finite", level: "warn", step: 7, message: "loss in training: not a finite number at step 7" },
  ]);
  const failed = {
    type: "failed" as const,
    seq: 4,
    cells: [A.id],
    error_type: "Diverged",
    message: "from step 7 on",
    traceback: "",
  };
  ingest(store, attempts, [failed]);
  expect(alertsOf(store, A.id)).toMatchObject([{ kind: "not_finite", level: "error", message: "from step 7 on" }]);
  expect(getRun(store, A.id)?.alerts).toEqual(["not_finite"]);
});

test("a collapsed run has an alert with its one prediction", () => {
  open();
  ingest(store, attempts, [{ ...say.finished([A.id], 2), collapsed: true, collapsed_to: "negative" }]);
  expect(alertsOf(store, A.id)).toMatchObject([
    { kind: "collapsed", level: "warn", epoch: 2, message: "all evaluation rows have one prediction: negative" },
  ]);
});

test("a lost attempt has an alert until its worker's own outcome comes after all", () => {
  open();
  endAttempt(store, attempts.get(A.id) as number, "lost", { message: "gone" });
  expect(alertsOf(store, A.id)).toMatchObject([{ kind: "lost", level: "error", message: "gone" }]);
  ingest(store, attempts, [say.finished([A.id], 2)]);
  expect(kinds()).toEqual([]);
});

test("an alert is stored once per cause, of attempts that are there, and goes with its run", () => {
  open();
  const attempt = attempts.get(A.id) as number;
  const disk = { kind: "disk" as const, level: "warn" as const, message: "full", cause: "1" };
  for (const alert of [disk, disk, { ...disk, cause: "2" }]) raise(store, attempt, alert);
  raise(store, 999, disk);
  expect(kinds()).toEqual(["disk warn", "disk warn"]);
  expect(alertsOfAttempts(store, [attempt])).toHaveLength(2);
  endAttempt(store, attempt, "failed");
  claimAll(store, [A]);
  expect(getRun(store, A.id)?.alerts).toEqual([]); // those of its current attempt
  store.db.prepare("DELETE FROM runs WHERE id = ?").run(A.id);
  expect(store.db.prepare("SELECT count(*) FROM alerts").pluck().get()).toBe(0);
});
