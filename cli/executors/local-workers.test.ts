import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { Settings } from "../spec/cell.js";
import { fixture, isAlive, until } from "../worker/fixture-worker.js";
import type { Executor, Slot } from "./executor.js";
import { createLocal } from "./local.js";

const CPU: Slot = { device: "cpu", env: { CUDA_VISIBLE_DEVICES: "-1" } };
const GPU: Slot = { device: "cuda:0", env: { CUDA_VISIBLE_DEVICES: "0" } };

/** Trains one run, and returns the pid of its worker. */
async function train(executor: Executor, slot: Slot, seed = 1): Promise<number> {
  const root = tempFolder();
  const folder = join(root, "attempt");
  mkdirSync(folder);
  const settings = { method: { name: "lora" }, seed } as unknown as Settings;
  const cells = [{ id: "cell", settings, fingerprint: {}, folder, resume: false }];
  let pid = 0;
  const running = executor.start(
    { cells, checkpoint: join(root, "checkpoints"), writesCheckpoints: true },
    slot,
    (event) => {
      if (event.type === "ready") pid = event.pid;
    },
  );
  expect(await running.done).toMatchObject({ open: [], errorType: null });
  return pid;
}

const local = (env = {}) => createLocal({ commandOverride: [fixture("good.py")], env });

test("bundles of a slot share a worker, another device has its own", async () => {
  const executor = local();
  const first = await train(executor, CPU);
  expect(await train(executor, CPU, 2)).toBe(first);
  const other = await train(executor, GPU);
  expect(other).not.toBe(first);
  expect(await train(executor, CPU)).toBe(first);
  await executor.close();
  expect([first, other].map(isAlive)).toEqual([false, false]);
});

test("two bundles at a time have two workers", async () => {
  const executor = local({ FIXTURE_STEP_SECONDS: "0.05" });
  const [one, two] = await Promise.all([train(executor, CPU), train(executor, CPU)]);
  expect(one).not.toBe(two);
  await executor.close();
});

test("a worker that gets no bundle ends on its own", async () => {
  const pid = await train(local(), CPU);
  expect(isAlive(pid)).toBe(true);
  await until(() => !isAlive(pid));
});

test("a worker that died while it waited is not used", async () => {
  const executor = local();
  const first = await train(executor, CPU);
  process.kill(first, "SIGKILL");
  await until(() => !isAlive(first));
  expect(await train(executor, CPU)).not.toBe(first);
  await executor.close();
});

test("a worker that is suspended while it waits ends at once", async () => {
  const executor = local();
  const pid = await train(executor, CPU);
  process.kill(pid, "SIGSTOP");
  await executor.close();
  expect(isAlive(pid)).toBe(false);
});
