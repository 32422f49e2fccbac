import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { WORKER_LOG } from "../attempt-files.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Settings } from "../spec/cell.js";
import { fixture, isAlive, until } from "../worker/fixture-worker.js";
import type { Bundle, Executor, Slot } from "./executor.js";
import { createFileQueue } from "./fixtures/file-queue.js";
import { EXECUTORS } from "./index.js";

function bundleOf(...seeds: number[]): Bundle {
  const root = tempFolder();
  return {
    cells: seeds.map((seed) => {
      const folder = join(root, `seed-${seed}`);
      mkdirSync(folder);
      const settings = { method: { name: "lora" }, seed } as unknown as Settings;
      return { id: `cell-${seed}`, settings, fingerprint: {}, folder, resume: false };
    }),
    checkpoint: join(root, "checkpoints"),
    writesCheckpoints: true,
  };
}

const SLOT: Slot = { device: "cpu", env: {} };

const typesOf = (events: WorkerEvent[], cell: string): string[] =>
  events.filter((event) => "cells" in event && event.cells.includes(cell)).map((event) => event.type);

const pidOf = (events: WorkerEvent[]): number => events.find((event) => event.type === "ready")?.pid ?? 0;

/** One more executor than users have. It proves that nothing here depends on a pipe or a parent process. */
const ALL = { ...EXECUTORS, "with files": createFileQueue };

describe.each(Object.entries(ALL))("executor %s", (_, create) => {
  function start(seeds: number[], env: Record<string, string> = {}, onEvent?: (event: WorkerEvent) => void) {
    const bundle = bundleOf(...seeds);
    const events: WorkerEvent[] = [];
    const executor = create({ commandOverride: [fixture("good.py")], env });
    const running = executor.start(bundle, SLOT, (event) => {
      events.push(event);
      onEvent?.(event);
    });
    executors.push(executor);
    return { bundle, events, running, executor };
  }
  const executors: Executor[] = [];
  afterEach(() => Promise.all(executors.splice(0).map((executor) => executor.close())));

  test("describe() says where it trains", () => {
    expect(create({}).describe()).not.toBe("");
  });

  test("trains every cell of a bundle and leaves no process", async () => {
    const { bundle, events, running, executor } = start([1, 2]);
    const end = await running.done;
    await executor.close();
    const received = events.length;
    expect(end).toMatchObject({ open: [], errorType: null });
    expect(events[0]?.type).toBe("ready");
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    for (const { id, folder } of bundle.cells) {
      expect(typesOf(events, id)).toEqual(expect.arrayContaining(["started", "metrics", "artifact", "finished"]));
      expect(readFileSync(join(folder, WORKER_LOG), "utf8")).toContain(`training ${id}`);
    }
    expect(isAlive(pidOf(events))).toBe(false);
    await running.stop(); // after the end there is nothing to do
    expect(events.length).toBe(received);
  });

  test("a cell that fails does not affect the next one", async () => {
    const { events, running } = start([1, 2, 3], { FIXTURE_FAIL: "1", FIXTURE_OOM: "2" });
    expect(await running.done).toMatchObject({ open: [], errorType: null });
    expect(typesOf(events, "cell-1").at(-1)).toBe("failed");
    expect(typesOf(events, "cell-2").at(-1)).toBe("out_of_memory");
    expect(typesOf(events, "cell-3").at(-1)).toBe("finished");
  });

  test("a worker that dies leaves its unfinished cells open, and the last lines of its stderr", async () => {
    const { running } = start([1, 2, 3], { FIXTURE_DIE: "2" });
    const end = await running.done;
    expect(end.open).toEqual(["cell-2", "cell-3"]);
    expect(end.reason).toContain("SIGKILL");
    expect(end.stderrTail).toContain("the fixture dies now");
  });

  test("a worker that breaks the protocol is ended, and the reason is named", async () => {
    const { events, running } = start([1], { FIXTURE_GARBAGE: "1" });
    const end = await running.done;
    expect(end).toMatchObject({ open: ["cell-1"], errorType: "ProtocolError" });
    expect(end.reason).toContain("Segmentation fault");
    expect(isAlive(pidOf(events))).toBe(false);
  });

  test("stop ends after the step; a second stop changes nothing", async () => {
    const { events, running } = start([1, 2], { FIXTURE_STEP_SECONDS: "0.05", FIXTURE_STEPS: "1000" });
    await until(() => events.some((event) => event.type === "metrics"));
    await Promise.all([running.stop(), running.stop()]);
    expect(await running.done).toMatchObject({ open: [], errorType: null });
    expect(typesOf(events, "cell-1").at(-1)).toBe("stopped");
    expect(typesOf(events, "cell-2")).toEqual(["stopped"]);
    expect(isAlive(pidOf(events))).toBe(false);
  });

  test("stop before the worker is ready starts no training", async () => {
    const { events, running } = start([1]);
    await running.stop();
    expect((await running.done).open).toEqual(["cell-1"]);
    expect(typesOf(events, "cell-1")).toEqual([]);
  });

  test("kill ends a worker that ignores everything else", async () => {
    const { events, running } = start([1], {
      FIXTURE_DEAF: "1",
      FIXTURE_STEP_SECONDS: "0.05",
      FIXTURE_STEPS: "10000",
    });
    await until(() => events.some((event) => event.type === "metrics"));
    running.kill();
    expect(await running.done).toMatchObject({ open: ["cell-1"], errorType: null, reason: "killed" });
    expect(isAlive(pidOf(events))).toBe(false);
  });

  test.each(["kill", "stop"] as const)("%s ends a worker that is not ready yet", async (how) => {
    const { bundle, events, running } = start([1], { FIXTURE_NEVER_READY: "1" });
    const log = join(bundle.cells[0]?.folder ?? "", WORKER_LOG);
    const said = () => (existsSync(log) ? /starting as (\d+)\n/.exec(readFileSync(log, "utf8")) : null);
    await until(() => said() !== null);
    const pid = Number(said()?.[1]);
    expect(isAlive(pid)).toBe(true);
    void running[how]();
    expect(await running.done).toMatchObject({ open: ["cell-1"], errorType: null });
    expect(isAlive(pid)).toBe(false);
    expect(events).toEqual([]);
  });

  test("kill and stop work before there is a process", async () => {
    for (const how of ["kill", "stop"] as const) {
      const { events, running } = start([1]);
      void running[how]();
      expect(await running.done).toMatchObject({ open: ["cell-1"], errorType: null });
      expect(events).toEqual([]);
    }
  });

  test("events name several runs at once, and each gets its outcome", async () => {
    const { events, running } = start([1, 2, 3], { FIXTURE_TOGETHER: "1" });
    expect(await running.done).toMatchObject({ open: [], errorType: null });
    const cells = ["cell-1", "cell-2", "cell-3"];
    expect(events.filter((event) => event.type === "started")).toMatchObject([{ cells }]);
    expect(events.filter((event) => event.type === "progress").every((event) => event.cells.length === 3)).toBe(true);
    for (const cell of cells) expect(typesOf(events, cell).at(-1)).toBe("finished");
  });

  test("some runs stop while the others of their lane continue", async () => {
    const env = { FIXTURE_TOGETHER: "1", FIXTURE_STEP_SECONDS: "0.05", FIXTURE_STEPS: "40" };
    const { events, running } = start([1, 2, 3], env);
    await until(() => events.some((event) => event.type === "metrics"));
    running.stopCells(["cell-1", "cell-3"]);
    expect(await running.done).toMatchObject({ open: [], errorType: null });
    expect(["cell-1", "cell-2", "cell-3"].map((cell) => typesOf(events, cell).at(-1))).toEqual([
      "stopped",
      "finished",
      "stopped",
    ]);
  });

  test("runs that are stopped before there is a worker never start", async () => {
    const { events, running } = start([1, 2]);
    running.stopCells(["cell-1"]);
    expect(await running.done).toMatchObject({ open: [], errorType: null });
    expect(typesOf(events, "cell-1")).toEqual(["stopped"]);
    expect(typesOf(events, "cell-2").at(-1)).toBe("finished");
  });

  test.each([
    [{ FIXTURE_GAP: "1" }, "one event is missing", ["cell-1"]],
    [{ FIXTURE_AFTERWORD: "1" }, "metrics (event 19) after the outcome of cell cell-1", []],
    [{ FIXTURE_OTHER_DONE: "1" }, 'done for request "nobody', []],
  ])("what can't be true is a broken protocol: %o", async (env, reason, open) => {
    const { events, running } = start([1], env);
    expect(await running.done).toMatchObject({ open, errorType: "ProtocolError" });
    expect((await running.done).reason).toContain(reason);
    expect(isAlive(pidOf(events))).toBe(false);
  });

  test("the next bundle gets a worker whose bundle went well, and all its own events", async () => {
    const { bundle, events, running, executor } = start([1]);
    await running.done;
    const [next, more]: [Bundle, WorkerEvent[]] = [bundleOf(2), []];
    expect(await executor.start(next, SLOT, (event) => more.push(event)).done).toMatchObject({ open: [] });
    expect(more[0]).toMatchObject({ type: "ready" });
    expect(typesOf(more, "cell-2").at(-1)).toBe("finished");
    const logOf = ({ cells }: Bundle) => readFileSync(join(cells[0]?.folder ?? "", WORKER_LOG), "utf8");
    expect([logOf(bundle), logOf(next)]).toEqual(["training cell-1\n", "training cell-2\n"]);
    expect([...events, ...more].filter((event) => event.type === "ready").length).toBe(2);
    await executor.close();
    expect([pidOf(events), pidOf(more)].map(isAlive)).toEqual([false, false]);
  });

  test.each(["FAIL", "OOM", "DIE", "GAP"])("a worker gets no further bundle after %s", async (what) => {
    const { events, running, executor } = start([1], { [`FIXTURE_${what}`]: "1" });
    await running.done;
    expect(isAlive(pidOf(events))).toBe(false);
    const more: WorkerEvent[] = [];
    await executor.start(bundleOf(2), SLOT, (event) => more.push(event)).done;
    expect(typesOf(more, "cell-2").at(-1)).toBe("finished");
    expect(pidOf(more)).not.toBe(pidOf(events));
  });

  test("a conversation has answers to one command after the other, and names devices that are not there", async () => {
    const executor = create({ commandOverride: [fixture("good.py")], env: {} });
    executors.push(executor);
    const conversation = await executor.converse("auto");
    const said: WorkerEvent[] = [];
    const missing = { type: "survey" as const, request: "one", path: "/no/such", model: "m" };
    await expect(conversation.ask(missing)).rejects.toMatchObject({ code: "WORKER_REFUSED" });
    const inspect = { type: "inspect" as const, request: "two", settings: [] };
    await conversation.ask(inspect, (event) => said.push(event));
    expect(said.map(({ type }) => type)).toEqual(["sources", "done"]);
    await conversation.close();
    expect(isAlive(conversation.ready.pid)).toBe(false);
    await expect(executor.converse(["cuda:3"])).rejects.toMatchObject({ code: "DEVICE_MISSING" });
  });

  test("a handle finds the worker, and ends it", async () => {
    const { running, executor, events } = start([1], { FIXTURE_STEP_SECONDS: "0.05", FIXTURE_STEPS: "1000" });
    await until(() => events.some((event) => event.type === "metrics"));
    const handle = running.handle ?? "";
    expect(await executor.poll([handle, "1 never"])).toEqual(["running", "gone"]);
    await executor.stop(handle, 0);
    expect(await executor.poll([handle])).toEqual(["gone"]);
    expect(await running.done).toMatchObject({ open: ["cell-1"], errorType: "WorkerError" });
    expect(isAlive(pidOf(events))).toBe(false);
  });

  test("an attached bundle ends, either with its events or with its runs open", async () => {
    const { bundle, running, executor, events } = start([1]);
    await until(() => running.handle !== null);
    const handle = running.handle ?? "";
    await running.done;
    await executor.close();
    const more: WorkerEvent[] = [];
    const again = await executor.attach(handle, bundle, 0, (event) => more.push(event)).done;
    expect(more.length === 0 ? again.open : more).toEqual(more.length === 0 ? ["cell-1"] : events);
  });

  test("silence() tells how long, and whether the process is suspended", async () => {
    const { events, running } = start([1], { FIXTURE_HANG: "1" });
    expect(running.silence()).toBeNull();
    await until(() => running.silence()?.process === "idle");
    process.kill(pidOf(events), "SIGSTOP");
    await until(() => running.silence()?.process === "stopped");
    expect(running.silence()?.seconds).toBeGreaterThan(1);
    running.kill();
    expect(await running.done).toMatchObject({ open: ["cell-1"], reason: "killed" });
  });

  test("an error of the receiver ends the bundle", async () => {
    const { events, running } = start([1], {}, (event) => {
      if (event.type === "metrics") throw new RangeError("no room for it");
    });
    expect(await running.done).toMatchObject({ open: ["cell-1"], errorType: "RangeError", reason: "no room for it" });
    expect(isAlive(pidOf(events))).toBe(false);
  });

  test("a worker that cannot be started gives an end, not an exception", async () => {
    const running = create({ commandOverride: ["/nowhere/python"] }).start(bundleOf(1), SLOT, () => {});
    const end = await running.done;
    expect(end).toMatchObject({ open: ["cell-1"], errorType: "WorkerError" });
    expect(end.reason).toContain("/nowhere/python");
  });
});
