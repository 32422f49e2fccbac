import { expect, test } from "vitest";
import { DEVICE } from "../plan/fixtures/planned.js";
import { minilm, training } from "../plan/forecast/fixtures/minilm.js";
import { forecastJob, type JobForecast } from "../plan/forecast/forecast.js";
import { exceeded, type Foreseen } from "../plan/forecast/limits.js";
import { shareOut } from "../plan/share-out.js";
import { forecastLines, refusalText, roomWarnings } from "./forecast-text.js";

const GB = 1e9;
const cells = [
  ["lora", 73_728],
  ["lora", 73_728],
  ["full", 22_565_376],
].map(([name, trainable], i) => {
  const axes = { "method.name": name };
  const train = { batch_size: 32 + i }; // makes different runs
  return minilm({
    id: `${i}`,
    label: `method=${name}`,
    axes,
    method: { name: String(name) },
    trainable: Number(trainable),
    train,
  });
});

function foreseen(count = cells.length, slots = 1, device = DEVICE): Foreseen {
  const stored = [training({ method: "lora" })];
  const ofFirst = (first: number): JobForecast =>
    forecastJob(shareOut(cells.slice(0, first), slots), { slots, device, stored });
  const todo = cells.slice(0, count);
  return { todo, shares: shareOut(todo, slots), device, forecast: ofFirst(count), ofFirst };
}

test("three lines: time, disk and memory, each with its range and basis", () => {
  expect(forecastLines(foreseen(), null)).toEqual([
    expect.stringMatching(
      /^time {4}about \S+( \S+)? \(.+ to .+\) with 1 worker, from 1 stored training of the same model$/,
    ),
    expect.stringMatching(/^disk {4}about 8\d\.\d MiB, 7\d\d MiB with checkpoints$/),
    expect.stringMatching(/^memory {2}about .+ GiB \(.+ to .+\) at the peak, from a rule of thumb$/),
  ]);
  expect(forecastLines(foreseen(3, 2), null)[2]).toContain("at the peak of each of 2 workers, from");
  expect(forecastLines(foreseen(0), null)).toEqual([]);
});

test("runs that may stop early take up to the time of all epochs", () => {
  const { todo, forecast } = foreseen(1);
  const patient = minilm({ method: { name: "lora" }, trainable: 73_728, train: { early_stopping_patience: 3 } });
  const job = forecastJob(shareOut([patient], 1), { slots: 1, device: DEVICE, stored: [] });
  expect([forecast.mayEndEarly, job.mayEndEarly]).toEqual([false, true]);
  expect(forecastLines({ todo, forecast: job }, null)[0]).toMatch(/^time {4}up to about /);
  const over = exceeded({ ...foreseen(1), forecast: job, ofFirst: () => job }, { maxHours: 1e-6 });
  expect(refusalText(over, { todo, forecast: job }, { maxHours: 1e-6 }).message).toMatch(/ will take up to about /);
});

test("a forecast within the limits refuses nothing", () => {
  expect(exceeded(foreseen(), {})).toEqual([]);
  expect(exceeded(foreseen(), { maxHours: 10, maxDisk: GB })).toEqual([]);
});

test("too much disk: the error says how many would fit, and which setting takes most", () => {
  const over = exceeded(foreseen(), { maxDisk: 50e6 });
  expect(over).toEqual([
    { limit: "disk", fits: 2, heaviest: { name: "method.name=full", runs: 1, share: expect.closeTo(0.98, 1) } },
  ]);
  const { message, hint } = refusalText(over, foreseen(), { maxDisk: 50e6 });
  expect(message).toMatch(
    /^the 3 runs that are left will need about 7\d\d MiB of disk, 8\d\.\d MiB of it for good: more than the 47\.7 MiB that --max-disk allows\nnothing was started$/,
  );
  expect(hint).toBe(
    "the first 2 of them, in the order of the plan, would fit; method.name=full (1 run) takes 98 % of it",
  );
});

test("if both limits are exceeded, the error names both, and what would fit within both", () => {
  const limits = { maxHours: 1e-6, maxDisk: 50e6 };
  const over = exceeded(foreseen(), limits);
  expect(over.map(({ limit, fits }) => [limit, fits])).toEqual([
    ["hours", 0],
    ["disk", 0],
  ]);
  const { message, hint } = refusalText(over, foreseen(), limits);
  expect(message.split("\n")).toHaveLength(3);
  expect(hint).toContain("not one of them would fit");
});

test("a single remaining run is not compared with others", () => {
  const one = foreseen(1);
  const { message, hint } = refusalText(exceeded(one, { maxDisk: 1000 }), one, { maxDisk: 1000 });
  expect(message).toMatch(/^the run that is left will need/);
  expect(hint).toBe("");
});

test("too little memory or disk gives warnings", () => {
  const two = foreseen(3, 2);
  expect(roomWarnings(two, { memory: 64 * GB, disk: 64 * GB })).toEqual([]);
  expect(roomWarnings(two, { memory: GB, disk: null })).toEqual([
    expect.stringMatching(
      /^memory: 2 workers at a time will probably need .+ GiB, and there are 954 MiB of memory free here/,
    ),
  ]);
  expect(roomWarnings(two, { memory: 64 * GB, disk: 1000 })).toEqual([
    expect.stringMatching(/^disk: about .+ MiB will be needed, and 1000 B are free where the database is$/),
  ]);
  const gpu = { ...DEVICE, name: "cuda:0", description: "a small GPU", memory: 100e6 };
  expect(roomWarnings(foreseen(3, 2, gpu), { memory: 1, disk: null })).toEqual([
    expect.stringMatching(/^memory: a worker will probably need .+, and there are 95\.4 MiB on a small GPU/),
  ]);
});
