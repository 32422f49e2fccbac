import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { Settings } from "../spec/cell.js";
import { fixture, isAlive } from "./fixture-worker.js";
import { inspect } from "./inspect.js";
import { predictTexts } from "./predict.js";
import { type Ask, type RequestOptions, request } from "./request.js";

const good = [fixture("good.py")];
const asking =
  (options: RequestOptions): Ask =>
  (question) =>
    request(question, options);
const settings = (seed: number) => ({ method: { name: "lora" }, seed }) as unknown as Settings;

test("inspect answers in the order of the cells and leaves no process", async () => {
  const { ready, inspected } = await inspect(
    [{ settings: settings(1) }, { settings: settings(2) }],
    asking({ commandOverride: good, env: { FIXTURE_PROBLEM: "2" } }),
  );
  expect(inspected.map((event) => [event.index, event.problems.length, event.fingerprint === null])).toEqual([
    [0, 0, false],
    [1, 1, true],
  ]);
  expect(isAlive(ready.pid)).toBe(false);
});

test("predict returns one answer per text", async () => {
  const folder = tempFolder();
  const texts = [
    { text: "good", text_pair: null },
    { text: "bad", text_pair: null },
  ];
  const missing = predictTexts(folder, texts, asking({ commandOverride: good }));
  await expect(missing).rejects.toMatchObject({ code: "WORKER_REFUSED", message: `no adapter in ${folder}` });
  const train = { cell: "a", settings: { ...settings(1) }, fingerprint: {}, folder, resume: false };
  await request(
    { type: "train", request: "t", cells: [train], checkpoint: join(folder, "c"), write_checkpoints: true, log: null },
    { commandOverride: good },
  );
  const items = await predictTexts(join(folder, "adapter"), texts, asking({ commandOverride: good }));
  expect(items.map((item) => item.label)).toEqual(["positive", "positive"]);
});

test("a worker that dies during the request shows its last lines", async () => {
  const failed = inspect(
    [{ settings: settings(1) }],
    asking({ commandOverride: ["python3", fixture("dies-mid-epoch.py")] }),
  );
  await expect(failed).rejects.toMatchObject({
    code: "WORKER_DIED",
    message: expect.stringMatching(/signal SIGKILL.*stderr line 3/s),
  });
});

test("the error names a broken protocol", async () => {
  const failed = inspect(
    [{ settings: settings(1) }],
    asking({ commandOverride: ["python3", fixture("prints-garbage.py")] }),
  );
  await expect(failed).rejects.toMatchObject({ code: "PROTOCOL_NOT_JSON" });
});

test("an abort ends a worker that is not ready yet", async () => {
  const signal = AbortSignal.timeout(300);
  const commandOverride = ["python3", fixture("hangs-before-ready.py")];
  const failed = inspect([{ settings: settings(1) }], asking({ commandOverride, signal }));
  await expect(failed).rejects.toMatchObject({ name: "TimeoutError" });
});

test("an abort ends the worker at once", async () => {
  const abort = new AbortController();
  let pid = 0;
  const failed = inspect(
    [{ settings: settings(1) }],
    asking({
      commandOverride: ["python3", fixture("ignores-stop.py")],
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === "ready") pid = event.pid;
        abort.abort(new Error("interrupted"));
      },
    }),
  );
  await expect(failed).rejects.toThrow("interrupted");
  expect(isAlive(pid)).toBe(false);
});
