import { afterEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { claimedStore, sampleCell, sampleEvents as say } from "../store/fixtures/sample.js";
import { alertsOf } from "../store/read.js";
import type { Store } from "../store/store.js";
import { endAttempt, ingest } from "../store/write.js";
import { until } from "../worker/fixture-worker.js";
import { Alerts } from "./alerts.js";
import { JobModel } from "./model.js";
import { Patience } from "./patience.js";
import type { JobAlert } from "./reporter.js";
import { watchDisk } from "./watch-disk.js";

const A = sampleCell("a".repeat(16), { label: "seed=1" });
const B = sampleCell("b".repeat(16), { seed: 2, label: "seed=2" });

let store: Store;
afterEach(() => store.close());

/** Both runs in training, the second one from step 8 on. */
function job() {
  const { store: opened, attempts } = claimedStore(tempFolder(), [A, B]);
  store = opened;
  const model = new JobModel(
    [A, B].map(({ id, label }) => ({ id, label, totalSteps: 10, state: "planned" as const })),
    [],
  );
  const bundle = model.begin(attempts);
  const started = [say.started([A.id], 1), { ...say.started([B.id], 2), resumed_step: 8 }];
  for (const event of started) model.event(bundle, event);
  ingest(store, attempts, started);
  const told: JobAlert[] = [];
  const said: string[] = [];
  const reporter = {
    alert: (alert: JobAlert) => void told.push(alert),
    message: (level: string, text: string) => void said.push(`${level}: ${text}`),
  };
  const alerts = new Alerts(store, model, new Patience(() => {}), reporter);
  return { store, attempts, model, alerts, reporter, told, said };
}

test("alerts of one cause are told together and once; what a resumed run repeats is not told", () => {
  const { attempts, alerts, told } = job();
  ingest(store, attempts, [say.metrics([A.id, B.id], 3, 5, { loss: null })]);
  alerts.tell();
  expect(told).toMatchObject([{ runs: [A.id], label: "seed=1", kind: "not_finite", level: "warn", step: 5 }]);
  alerts.raise([A.id, B.id], { kind: "silent", level: "warn", message: "no word", cause: "1" });
  alerts.raise([A.id, B.id], { kind: "silent", level: "warn", message: "no word", cause: "1" });
  alerts.tell();
  expect(told.slice(1)).toMatchObject([{ runs: [A.id, B.id], kind: "silent", message: "no word" }]);
  expect(alerts.all().map(({ kind, runs }) => [kind, runs.length])).toEqual([
    ["not_finite", 2],
    ["silent", 2],
  ]);
});

test("an alert in place of a deleted one, whose id it has, is told", () => {
  const { attempts, alerts, told } = job();
  ingest(store, attempts, [say.metrics([A.id], 3, 5, { loss: null })]);
  alerts.tell();
  const detail = { error_type: "Diverged", message: "diverged at step 6" };
  endAttempt(store, attempts.get(A.id) as number, "failed", detail); // takes the warning back
  alerts.tell();
  expect(told.map(({ level }) => level)).toEqual(["warn", "error"]);
});

test("only runs in training have an alert of what the runner notices", () => {
  const { alerts, model } = job();
  model.set([A.id], "stopped");
  alerts.raise([A.id, B.id], { kind: "silent", level: "warn", message: "no word" });
  expect([A, B].map(({ id }) => alertsOf(store, id).length)).toEqual([0, 1]);
});

test("little space where the results are is told once, and stored with each run in training", async () => {
  const { said, ...one } = job();
  const release = watchDisk(one, { every: 10, low: Number.MAX_SAFE_INTEGER });
  try {
    await until(() => one.told.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 60));
  } finally {
    release();
  }
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^warn: only .*B are free in .*: runs fail when the disk is full$/);
  expect(one.told).toMatchObject([{ kind: "disk", runs: [A.id, B.id] }]);
  const none = watchDisk(one, { every: 5, low: 0 });
  await new Promise((resolve) => setTimeout(resolve, 30));
  none();
  expect(said).toHaveLength(1);
});
