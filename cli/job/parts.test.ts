/** Small and pure parts of a job. */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Lor2cError } from "../errors.js";
import { jobsPerDevice } from "../executors/local-jobs.js";
import type { PlannedCell } from "../plan/cell.js";
import { remaining } from "../plan/remaining.js";
import { gatherTexts } from "../predict/predict-texts.js";
import type { WorkerEvent } from "../protocol/messages.js";
import { WaitingEvents } from "../store/write.js";
import { differences, type Measured } from "../verify/compare-runs.js";
import { announce } from "./announce.js";
import { silent } from "./fixtures/reporter.js";
import { IngestBuffer } from "./ingest-buffer.js";
import { Interrupts } from "./interrupt.js";
import { Patience } from "./patience.js";
import { runQueue } from "./queue.js";

const GIB = 1024 ** 3;
const cells = ["a", "b", "c", "d"].map((id) => ({ id }) as PlannedCell);

test("only finished runs are not trained again, and with force they are", () => {
  const states = new Map([
    ["a", "finished"],
    ["b", "failed"],
    ["c", "running"],
  ] as const);
  const ids = (list: PlannedCell[]) => list.map((cell) => cell.id).join("");
  const { todo, finished } = remaining(cells, new Map(states), false);
  expect([ids(todo), ids(finished)]).toEqual(["bcd", "a"]);
  expect(ids(remaining(cells, new Map(states), true).todo)).toBe("abcd");
});

test.each([
  ["auto", { device: "cpu", cores: 4, freeMemory: 64 * GIB }, 4],
  ["auto", { device: "cpu", cores: 8, freeMemory: 7 * GIB }, 3],
  ["auto", { device: "cpu", cores: 8, freeMemory: 1 * GIB }, 1],
  ["auto", { device: "cuda:0", cores: 8, freeMemory: 64 * GIB }, 1],
  [6, { device: "cuda:0", cores: 2, freeMemory: 1 * GIB }, 6],
] as const)("jobs %s on %o: %i", (asked, machine, expected) => {
  expect(jobsPerDevice(asked, machine)).toBe(expected);
});

test("a queue keeps its slots busy, stops when asked, and throws the first error when all work is over", async () => {
  let [running, most] = [0, 0];
  const done: number[] = [];
  const work = async (item: number) => {
    most = Math.max(most, ++running);
    await sleep(5);
    running--;
    done.push(item);
    if (item === 13) throw new Error("thirteen");
  };
  await runQueue([1, 2, 3, 4, 5], [1, 2], work, () => true);
  expect([most, done.sort()]).toEqual([2, [1, 2, 3, 4, 5]]);
  done.length = 0;
  await runQueue([1, 2, 3, 4, 5], [1], work, () => done.length < 2);
  expect(done).toEqual([1, 2]);
  await expect(runQueue([13, 14, 15], [1, 2], work, () => true)).rejects.toThrow("thirteen");
  expect([running, done.includes(15)]).toEqual([0, false]);
});

const event = (type: string, seq: number) => ({ type, seq, cells: ["a"] }) as unknown as WorkerEvent;

const NEVER = new AbortController().signal;

const bufferOf = (store: (events: WorkerEvent[]) => void): IngestBuffer => {
  const waiting = new WaitingEvents({ folder: "/nowhere" }, new Map([["a", 1]]));
  return new IngestBuffer({ store, patience: new Patience(() => {}), waiting });
};

test("events are stored together, outcomes at once, progress never, the rest at the end", async () => {
  const batches: number[][] = [];
  const buffer = bufferOf((events) => void batches.push(events.map(({ seq }) => seq)));
  for (const [type, seq] of [
    ["metrics", 1],
    ["progress", 2],
    ["metrics", 3],
    ["finished", 4],
  ] as const) {
    buffer.add(event(type, seq));
  }
  expect(batches).toEqual([[1, 3, 4]]);
  buffer.add(event("metrics", 5));
  await sleep(300);
  expect(batches).toEqual([[1, 3, 4], [5]]);
  buffer.add(event("log", 6));
  expect(await buffer.close(NEVER)).toBe(0);
  expect(batches.at(-1)).toEqual([6]);
  for (let seq = 10; seq < 10 + 5000; seq++) buffer.add(event("metrics", seq));
  expect(batches.slice(3).map((batch) => batch.length)).toEqual([2000, 2000]);
  expect(await buffer.close(NEVER)).toBe(0);
});

test("the next event, and the end, throw a later error of storing", async () => {
  const buffer = bufferOf(() => {
    throw new Error("disk full");
  });
  buffer.add(event("metrics", 1));
  await sleep(300);
  expect(() => buffer.add(event("metrics", 2))).toThrow("disk full");
  await expect(buffer.close(NEVER)).rejects.toThrow("disk full");
});

test("the first signal stops, the second kills; afterwards signals act as before", async () => {
  const source = new EventEmitter();
  const interrupts = new Interrupts(source);
  const paused = interrupts.pause(60_000);
  const waiting = interrupts.during(sleep(60_000, undefined, { ref: false }));
  expect(interrupts.urgency).toBeNull();
  source.emit("SIGTERM");
  expect(interrupts.urgency).toBe("stop");
  await paused;
  await expect(waiting).rejects.toMatchObject({ code: "INTERRUPTED", exitCode: 130 });
  source.emit("SIGINT");
  expect(interrupts.urgency).toBe("kill");
  interrupts.dispose();
  expect(source.listenerCount("SIGINT")).toBe(0);
});

test.each([
  ["SIGINT", "stopping after the current step; a second Ctrl-C ends it at once"],
  ["SIGTERM", "SIGTERM: stopping after the current step; a second signal ends it at once"],
  ["SIGHUP", "SIGHUP: stopping after the current step; a second signal ends it at once"],
  [null, "stopping after the current step: the database cannot be used; Ctrl-C ends it at once"],
])("only who pressed Ctrl-C hears of a second one: %s", (signal, says) => {
  const source = new EventEmitter();
  const interrupts = new Interrupts(source);
  const said: string[] = [];
  const release = announce({ interrupts, reporter: silent({ message: (_, text) => said.push(text) }) });
  if (signal) source.emit(signal);
  else interrupts.interrupt("the database cannot be used");
  expect(said).toEqual([says]);
  release();
  interrupts.dispose();
});

const within = (limit: number) => ({ losses: limit, scores: limit });
const train = (step: number, value: number | null, name = "loss"): Measured => ({ split: "train", name, step, value });

test("values are compared by step, training before evaluation, within the tolerance; speeds are not", () => {
  const stored = [train(1, 0.5), train(2, 0.25), { ...train(2, 0.8, "accuracy"), split: "eval" }, train(2, 9, "speed")];
  const again = [train(1, 0.5), train(2, 0.26), { ...train(2, 0.7, "accuracy"), split: "eval" }, train(2, 1, "speed")];
  const { compared, differences: found } = differences(stored, again, within(0));
  expect([compared, found.map(({ split }) => split)]).toEqual([3, ["train", "eval"]]);
  expect(found[0]).toEqual({ step: 2, split: "train", name: "loss", stored: 0.25, again: 0.26 });
  expect(differences(stored, again, within(0.011)).differences).toHaveLength(1);
  expect(differences([train(1, 1000)], [train(1, 1001)], within(0.0011)).differences).toEqual([]);
  expect(differences([train(1, null)], [train(1, null)], within(0)).differences).toEqual([]);
  expect(differences([train(1, null)], [train(1, 1)], within(9)).differences).toHaveLength(1);
  const held = (value: number): Measured => ({ ...train(1, value, "accuracy"), split: "holdout" });
  expect(differences([held(0.7)], [held(0.8)], within(0)).differences).toHaveLength(1);
});

test("texts that do not make whole pairs are refused", () => {
  expect(gatherTexts(["a"], ["b"])).toEqual([{ text: "a", text_pair: "b" }]);
  expect(() => gatherTexts(["a", "c"], ["b"])).toThrow("2 --text and 1 --text-pair");
  expect(() => gatherTexts([], [])).toThrow("no text to label");
});

const busyFor = (times: number) => () => {
  if (times-- > 0) throw new Lor2cError("DATABASE_BUSY", "held");
  return "stored";
};

test("patience tries again while the database is locked, tells the user once, and throws every other error", async () => {
  const said: string[] = [];
  const patience = new Patience((message) => said.push(message), 0);
  expect(await patience.until(busyFor(3), NEVER)).toBe("stored");
  expect(said).toEqual([
    expect.stringMatching(/^another program has locked the database/),
    expect.stringMatching(/^the database is free/),
  ]);
  expect(patience.attempt(busyFor(1))).toBe(false);
  expect(patience.attempt(busyFor(0))).toBe(true);
  expect(said).toHaveLength(4);
  const broken = () => {
    throw new Error("broken");
  };
  await expect(patience.until(broken, NEVER)).rejects.toThrow("broken");
  expect(() => patience.attempt(broken)).toThrow("broken");
});

test("patience ends with its reason when it is aborted; short locks are not reported", async () => {
  const said: string[] = [];
  const patience = new Patience((message) => said.push(message), 60_000);
  const wish = new AbortController();
  const waiting = patience.until(busyFor(Number.POSITIVE_INFINITY), wish.signal);
  wish.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(await patience.orElse(busyFor(Number.POSITIVE_INFINITY), wish.signal, "nothing")).toBe("nothing");
  expect(await patience.until(busyFor(0), wish.signal)).toBe("stored");
  expect(said).toEqual([]);
});
