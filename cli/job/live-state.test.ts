import { afterEach, beforeEach, expect, test } from "vitest";
import { claimedStore, disposableFolder, sampleCell, sampleEvents } from "../store/fixtures/sample.js";
import { liveAttempts, liveDevices, liveJobs } from "../store/read.js";
import { openStore, type Store } from "../store/store.js";
import { until } from "../worker/fixture-worker.js";
import { LiveState } from "./live-state.js";
import { JobModel } from "./model.js";

const CELLS = [sampleCell("a".repeat(16)), sampleCell("b".repeat(16), { seed: 2 })];
const IDS = CELLS.map(({ id }) => id);

let temp: { folder: string; remove: () => void };
let store: Store;
let reader: Store;
let attempts: Map<string, number>;
beforeEach(() => {
  temp = disposableFolder();
  ({ store, attempts } = claimedStore(temp.folder, CELLS));
  reader = openStore(store.path, { readonly: true });
});
afterEach(() => {
  reader.close();
  store.close();
  temp.remove();
});

test("other terminals see lanes, the job and devices as they are, and nothing after its end", async () => {
  const model = new JobModel(
    CELLS.map(({ id, label }) => ({ id, label, totalSteps: 188, state: "planned" as const })),
    [],
  );
  const live = new LiveState(store, 1, model, { look: () => ({ fraction: 0.5, secondsLeft: 30 }) }, 10);
  try {
    const bundle = model.begin(attempts);
    await until(() => liveAttempts(reader, null).length === 2);
    expect(liveAttempts(reader, null)[0]).toMatchObject({
      phase: "load",
      step: 0,
      total_steps: 188,
      epoch: null,
      loss: null,
    });
    for (const id of IDS) model.event(bundle, sampleEvents.started([id]));
    const [first = "", second = ""] = IDS;
    const progress = { type: "progress", phase: "train", total_steps: 188, epoch: 0, lanes: 2 } as const;
    const more = { lane_epochs_left: 3, tokens_per_second: 900 };
    model.event(bundle, { ...progress, ...more, seq: 3, cells: [first], step: 47, loss: 0.7 });
    model.event(bundle, { ...progress, ...more, seq: 4, cells: [second], phase: "evaluate", step: 94, loss: null });
    const where = { host: "node-7", pid: 7, device: "cpu", description: "a processor", uuid: null };
    const shares = { memory_used: 1000, memory_total: 8000, utilization: 0.5, cpu_share: 0.5 };
    model.event(bundle, { type: "device_usage", seq: 5, ...where, ...shares, temperature: null, power: null });
    await until(() => liveDevices(reader).length === 1 && liveAttempts(reader, [first])[0]?.step === 47);
    const rows = liveAttempts(reader, null);
    expect(rows).toMatchObject([
      { run: first, phase: "train", step: 47, epoch: 0.5, loss: 0.7, tokens_per_second: 900 },
      { run: second, phase: "evaluate", step: 94, epoch: 1, loss: null },
    ]);
    expect(rows[0]?.lane).not.toBe(rows[1]?.lane);
    expect(liveJobs(reader, 1)).toMatchObject([{ fraction: 0.5, seconds_left: 30 }]);
    expect(liveDevices(reader)).toMatchObject([{ host: "node-7", device: "cpu", workers: 1, memory_used: 1000 }]);
    const { at } = rows[0] ?? {};
    const { at: before = "" } = liveJobs(reader, 1)[0] ?? {};
    await until(() => (liveJobs(reader, 1)[0]?.at ?? "") > before);
    expect(liveAttempts(reader, [first])[0]?.at).toBe(at); // its worker has told nothing new
  } finally {
    live.dispose();
  }
  expect([liveJobs(reader, null), liveDevices(reader)]).toEqual([[], []]);
});
