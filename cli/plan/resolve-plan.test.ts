/**
 * A run's id depends on the device: plan, run and verify must inspect on the same one. The fixture worker pretends to
 * have GPUs.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { EXECUTORS } from "../executors/index.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { silent } from "../job/fixtures/reporter.js";
import { runExperiment } from "../job/run.js";
import { specSource } from "../job/source.js";
import type { Devices } from "../spec/devices.js";
import { loadSpec } from "../spec/load.js";
import { verifyRun } from "../verify/verify.js";
import { fixture } from "../worker/fixture-worker.js";
import { resolvePlan } from "./resolve-plan.js";

const worker = { commandOverride: [fixture("good.py")], env: { FIXTURE_GPUS: "2" } };
const executor = EXECUTORS.local(worker);
let folder: string;
let dbPath: string;
let file: string;

beforeEach(() => {
  folder = tempFolder();
  dbPath = join(folder, "lor2c.db");
  file = join(folder, "spec.yaml");
});

function specOn(devices: string): void {
  writeFileSync(
    file,
    `model: minilm\ntask: movie-reviews\nmethod: lora\ntrain: {logging_steps: 1}\ndevices: ${devices}\n`,
  );
}

async function planned(devices?: Devices): Promise<string[]> {
  const spec = loadSpec(file);
  const { cells } = await resolvePlan({ ...spec, devices: devices ?? spec.devices }, { executor });
  return cells.map(({ id }) => id);
}

const trained = async (devices?: Devices) =>
  (await runExperiment({ source: specSource(file), dbPath, worker, devices, reporter: silent() })).cells.map(
    ({ id }) => id,
  );

/** The device in the worker's handshake, and whether the values were the same. */
async function verified(selector: string, devices?: Devices): Promise<{ same: boolean; trainedOn: string }> {
  let trainedOn = "";
  const listener = silent({
    event: (_, event) => {
      if (event.type === "ready") trainedOn = event.device.name;
    },
  });
  const { same } = await verifyRun({ dbPath, selector, worker, devices, listener });
  return { same, trainedOn };
}

test.each([
  ["cpu", "cpu"],
  ["auto", "cuda:0"],
  ["[cuda:1]", "cuda:0"],
])("devices: %s means one id for plan and run, and verify trains there", async (devices, seen) => {
  specOn(devices);
  const ids = await planned();
  expect(await trained()).toEqual(ids);
  expect(await verified(ids[0] ?? "")).toEqual({ same: true, trainedOn: seen });
});

test("the device is part of the id, and --devices comes before the spec", async () => {
  specOn("cpu");
  const [onCpu, onGpu] = [await planned(), await planned("auto")];
  expect(onGpu).not.toEqual(onCpu);
  expect(await trained("auto")).toEqual(onGpu);
  expect(await trained()).toEqual(onCpu);
  expect((await verified(onCpu[0] ?? "", "cpu")).same).toBe(true);
  await expect(verified(onCpu[0] ?? "", "auto")).rejects.toMatchObject({
    code: "CANNOT_COMPARE",
    message: expect.stringContaining("precision: was fp32, is mixed"),
  });
});

test("a GPU that does not exist is named before anything is inspected", async () => {
  specOn("[cuda:7]");
  await expect(planned()).rejects.toMatchObject({ code: "DEVICE_MISSING", exitCode: 2 });
});

test("jobs are slots, the first ones on different devices", async () => {
  specOn("auto");
  const { slots } = await resolvePlan({ ...loadSpec(file), jobs: 2 }, { executor });
  expect(slots.map(({ device }) => device)).toEqual(["cuda:0", "cuda:1", "cuda:0", "cuda:1"]);
});
