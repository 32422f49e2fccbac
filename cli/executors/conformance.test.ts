import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { WORKER_LOG } from "../attempt-files.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Settings } from "../spec/cell.js";
import { fixture, isAlive, until } from "../worker/fixture-worker.js";
import type { Bundle, Slot } from "./executor.js";
import { EXECUTORS } from "./index.js";

function bundleOf(...seeds: number[]): Bundle {
  const root = mkdtempSync(join(tmpdir(), "lor2c-bundle-"));
  return {
    cells: seeds.map((seed) => {
      const folder = join(root, `seed-${seed}`);
      mkdirSync(folder);
      const settings = { method: { name: "lora" }, seed } as unknown as Settings;
      return { id: `cell-${seed}`, settings, folder, resume: false };
    }),
    checkpoint: join(root, "checkpoints"),
  };
}

const SLOT: Slot = { device: "cpu", env: {} };

const typesOf = (events: WorkerEvent[], cell: string): string[] =>
  events.filter((event) => "cells" in event && event.cells.includes(cell)).map((event) => event.type);

const pidOf = (events: WorkerEvent[]): number => events.find((event) => event.type === "ready")?.pid ?? 0;

describe.each(Object.entries(EXECUTORS))("executor %s", (_, create) => {
  function start(seeds: number[], env: Record<string, string> = {}, onEvent?: (event: WorkerEvent) => void) {
    const bundle = bundleOf(...seeds);
    const events: WorkerEvent[] = [];
    const executor = create({ commandOverride: [fixture("good.py")], env });
    const running = executor.start(bundle, SLOT, (event) => {
      events.push(event);
      onEvent?.(event);
    });
    return { bundle, events, running };
  }

  test("says where it trains", () => {
    expect(create({}).describe()).not.toBe("");
  });

  test("trains every cell of a bundle and leaves no process", async () => {
    const { bundle, events, running } = start([1, 2]);
    const end = await running.done;
    const received = events.length;
    expect(end).toMatchObject({ open: [], errorType: null });
    expect(events[0]?.type).toBe("ready");
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    for (const { id, folder } of bundle.cells) {
      expect(typesOf(events, id)).toEqual(expect.arrayContaining(["started", "metrics", "artifact", "finished"]));
      expect(readFileSync(join(folder, WORKER_LOG), "utf8")).toContain(`training ${id}`);
    }
    expect(isAlive(pidOf(events))).toBe(false);
    await running.stop(); // after the end: nothing to do
    expect(events.length).toBe(received);
  });

  test("a cell that fails does not take the next one with it", async () => {
    const { events, running } = start([1, 2, 3], { FIXTURE_FAIL: "1", FIXTURE_OOM: "2" });
    expect(await running.done).toMatchObject({ open: [], errorType: null });
    expect(typesOf(events, "cell-1").at(-1)).toBe("failed");
    expect(typesOf(events, "cell-2").at(-1)).toBe("out_of_memory");
    expect(typesOf(events, "cell-3").at(-1)).toBe("finished");
  });

  test("a worker that dies leaves its unfinished cells open, and its last words", async () => {
    const { running } = start([1, 2, 3], { FIXTURE_DIE: "2" });
    const end = await running.done;
    expect(end.open).toEqual(["cell-2", "cell-3"]);
    expect(end.reason).toContain("SIGKILL");
    expect(end.stderrTail).toContain("the fixture dies now");
  });

  test("a worker that breaks the protocol is ended and named", async () => {
    const { events, running } = start([1], { FIXTURE_GARBAGE: "1" });
    const end = await running.done;
    expect(end).toMatchObject({ open: ["cell-1"], errorType: "ProtocolError" });
    expect(end.reason).toContain("Segmentation fault");
    expect(isAlive(pidOf(events))).toBe(false);
  });

  test("stop ends after the step, twice is once", async () => {
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

  test("kill ends a worker that is deaf to everything else", async () => {
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

  test.each(["kill", "stop"] as const)("%s ends a worker that has not said ready", async (how) => {
    const { bundle, events, running } = start([1], { FIXTURE_NEVER_READY: "1" });
    const log = join(bundle.cells[0]?.folder ?? "", WORKER_LOG);
    await until(() => existsSync(log) && readFileSync(log, "utf8").includes("starting as"));
    const pid = Number(/starting as (\d+)/.exec(readFileSync(log, "utf8"))?.[1]);
    expect(isAlive(pid)).toBe(true);
    void running[how]();
    expect(await running.done).toMatchObject({ open: ["cell-1"], errorType: null });
    expect(isAlive(pid)).toBe(false);
    expect(events).toEqual([]);
  });

  test("kill and stop before there is a process", async () => {
    for (const how of ["kill", "stop"] as const) {
      const { events, running } = start([1]);
      void running[how]();
      expect(await running.done).toMatchObject({ open: ["cell-1"], errorType: null });
      expect(events).toEqual([]);
    }
  });

  test("an error of the receiver ends the bundle", async () => {
    const { events, running } = start([1], {}, (event) => {
      if (event.type === "metrics") throw new RangeError("no room for it");
    });
    expect(await running.done).toMatchObject({ open: ["cell-1"], errorType: "RangeError", reason: "no room for it" });
    expect(isAlive(pidOf(events))).toBe(false);
  });

  test("a worker that cannot be started is an end, not an exception", async () => {
    const running = create({ commandOverride: ["/nowhere/python"] }).start(bundleOf(1), SLOT, () => {});
    const end = await running.done;
    expect(end).toMatchObject({ open: ["cell-1"], errorType: "WorkerError" });
    expect(end.reason).toContain("/nowhere/python");
  });
});
