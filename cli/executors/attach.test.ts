/** The runner of a bundle is killed; another process finds the worker, which continues, and gets each event once. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtFixture } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Settings } from "../spec/cell.js";
import { fixture, until } from "../worker/fixture-worker.js";
import type { Bundle } from "./executor.js";
import { createFileQueue } from "./fixtures/file-queue.js";

interface Told {
  handle: string;
  seq: number;
  position: number;
}

test("a bundle can be attached to after its runner was killed: every event comes once, and the worker notices nothing", async () => {
  const root = tempFolder();
  const folder = join(root, "attempt-1");
  mkdirSync(folder);
  const settings = { method: { name: "lora" }, seed: 1 } as unknown as Settings;
  const cells = [{ id: "cell", settings, fingerprint: {}, folder, resume: false }];
  const bundle: Bundle = { cells, checkpoint: join(root, "checkpoints"), writesCheckpoints: true };
  const runner = spawn(process.execPath, [builtFixture("submits"), JSON.stringify(bundle), fixture("good.py")], {
    env: { ...process.env, FIXTURE_STEP_SECONDS: "0.1", FIXTURE_STEPS: "30" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  runner.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const closed = new Promise((resolve) => runner.once("close", resolve));
  await until(() => out.split("\n").length > 8);
  runner.kill("SIGKILL");
  await closed;
  const told = out
    .split("\n")
    .slice(0, -1)
    .map((line): Told => JSON.parse(line));
  const { handle, position } = told.at(-1) as Told;

  const executor = createFileQueue();
  expect(await executor.poll([handle])).toEqual(["running"]);
  const events: WorkerEvent[] = [];
  const end = await executor.attach(handle, bundle, position, (event) => events.push(event)).done;
  expect(end).toMatchObject({ open: [], errorType: null });
  const numbers = [...told, ...events].map(({ seq }) => seq);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(events.at(-1)?.type).toBe("ended");
  expect(events.some((event) => event.type === "finished")).toBe(true);
  expect(await executor.poll([handle])).toEqual(["gone"]);
});
