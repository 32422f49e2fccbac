import { expect, test } from "vitest";
import { shippedCatalog } from "../spec/catalog.js";
import { load } from "../spec/fixtures/specs.js";
import type { PlannedCell } from "./cell.js";
import { DEVICE, inspectedAs, plannedFrom, shapeAs } from "./fixtures/planned.js";
import { diskOf } from "./forecast/disk.js";
import { laneBytes } from "./forecast/memory.js";
import { assign, shareOut } from "./share-out.js";

/** Cells of a real method of the shipped catalog, with the events that a worker would return. */
function cells(sweep: string, events: (cell: PlannedCell) => { epoch: number; key: string }[]): PlannedCell[] {
  const text = `model: minilm\ntask: movie-reviews\nmethod: imlor2c\ntrain: {num_train_epochs: 8}\nsweep: {grid: ${sweep}}`;
  return plannedFrom(load(text, [], shippedCatalog()).cells).map((cell) => ({
    ...cell,
    inspected: inspectedAs({
      total_steps: 8 * 94,
      events: events(cell).map((event) => ({ ...event, probable: true })),
    }),
  }));
}

const mergesAt = (cell: PlannedCell) =>
  Array.from({ length: Number(cell.settings.method.merges) }, (_, i) => ({ epoch: i + 1, key: "merge" }));

const sizes = (shares: { cells: unknown[] }[]) => shares.map((share) => share.cells.length);

test("one slot keeps a grid whole; two slots get a part each, with one place for checkpoints", () => {
  const grid = cells("{method.merges: 0..5}", mergesAt);
  expect(sizes(shareOut(grid, 1))).toEqual([6]);
  const parts = shareOut(grid, 2);
  expect(parts).toHaveLength(2);
  expect(new Set(parts.map((part) => part.key)).size).toBe(1);
  expect(parts.flatMap((part) => part.cells.map((cell) => cell.id)).sort()).toEqual(grid.map((cell) => cell.id).sort());
});

test("as many bundles as slots are not cut, the longest first", () => {
  const seeds = cells("{method.merges: 0..1, seed: [1, 2]}", (cell) =>
    cell.settings.seed === 2 ? mergesAt(cell) : [],
  );
  const shares = shareOut(seeds, 2);
  expect(sizes(shares)).toEqual([2, 2]);
  expect(shares[0]?.cells[0]?.settings.seed).toBe(2);
  expect(shares[0]?.cost).toBeGreaterThan(shares[1]?.cost ?? 0);
});

test("cells that never part are not cut: each part would train the whole again", () => {
  expect(
    sizes(
      shareOut(
        cells("{method.merges: 0..5}", () => []),
        4,
      ),
    ),
  ).toEqual([6]);
});

test("a bundle whose lanes would fill the memory is cut into parts that fit, down to single runs", () => {
  const rates = cells("{train.learning_rate: [1e-4, 2e-4, 3e-4, 4e-4, 5e-4]}", ({ settings }) => [
    { epoch: 0, key: String(settings.train.learning_rate) },
  ]);
  const each = laneBytes(rates.slice(0, 1));
  expect(each).toBe(16 * (147_456 + 592_130));
  expect(sizes(shareOut(rates, 1, 100 * each))).toEqual([5]);
  expect(sizes(shareOut(rates, 1, 6 * each)).every((size) => size <= 3)).toBe(true);
  expect(sizes(shareOut(rates, 1, each))).toEqual([1, 1, 1, 1, 1]);
  expect(shareOut(rates, 1, each).flatMap((share) => share.cells)).toHaveLength(5);
});

test("workers on one device share its memory, those on different GPUs do not", () => {
  const rates = cells("{train.learning_rate: [1e-4, 2e-4, 3e-4, 4e-4]}", ({ settings }) => [
    { epoch: 0, key: String(settings.train.learning_rate) },
  ]);
  const memory = 4 * laneBytes(rates.slice(0, 1)); // half of it is for lanes: two, or one for each worker
  const on = (...devices: string[]) => {
    const slots = devices.map((device) => ({ device, env: {} }));
    return sizes(assign(rates, slots, { ...DEVICE, memory }).shares);
  };
  expect(on("cpu", "cpu")).toEqual([1, 1, 1, 1]);
  expect(on("cuda:0", "cuda:1")).toEqual([2, 2]);
  expect(on("cuda:0", "cuda:0")).toEqual([1, 1, 1, 1]);
});

test("lanes that only an improbable event makes count for the memory; one lane is never cut", () => {
  const merged = cells("{method.merges: 0..3}", mergesAt).map((cell) => ({
    ...cell,
    inspected: { ...cell.inspected, events: cell.inspected.events.map((event) => ({ ...event, probable: false })) },
  }));
  const each = laneBytes(merged.slice(0, 1));
  expect(sizes(shareOut(merged, 1, 4 * each))).toEqual([2, 2]);
  const alike = cells("{method.merges: 0..3}", () => []);
  expect(sizes(shareOut(alike, 1, each))).toEqual([4]);
});

test.each([
  [2, [4, 4]],
  [4, [2, 2, 2, 2]],
  [8, new Array(8).fill(1)],
])("two seeds with four rates each give every one of %i workers its part", (slots, expected) => {
  const rates = cells("{train.learning_rate: [1e-4, 2e-4, 3e-4, 4e-4], seed: [1, 2]}", ({ settings }) => [
    { epoch: 0, key: `${settings.seed} ${settings.train.learning_rate}` },
  ]);
  expect(sizes(shareOut(rates, slots))).toEqual(expected);
});

test("the memory of a bundle is that of its largest cell, in any order", () => {
  const injected = cells("{method.injections: 0..3, train.learning_rate: [1e-4, 2e-4]}", ({ settings }) => [
    { epoch: 0, key: `${settings.train.learning_rate} ${settings.method.injections}` },
  ]).map((cell) => ({
    ...cell,
    inspected: {
      ...cell.inspected,
      shape: shapeAs({ checkpoint_parameters: cell.settings.method.injections === 0 ? 10 : 10_000_000 }),
    },
  }));
  const memory = 8 * laneBytes(injected);
  expect(laneBytes(injected)).toBeGreaterThan(10 * laneBytes(injected.slice(0, 2)));
  expect(sizes(shareOut(injected, 1, memory))).toEqual([4, 4]);
  expect(sizes(shareOut(injected.toReversed(), 1, memory))).toEqual([4, 4]);
});

test("a bundle is cut although a single run is the longest share", () => {
  const text = (method: string, epochs: number, grid: string) =>
    `model: minilm\ntask: movie-reviews\nmethod: ${method}\ntrain: {num_train_epochs: ${epochs}, bundle: numbers}\nsweep: {grid: ${grid}}`;
  const planned = (spec: string) =>
    plannedFrom(load(spec, [], shippedCatalog()).cells).map((cell) => ({
      ...cell,
      inspected: inspectedAs({
        total_steps: cell.settings.train.num_train_epochs * 94,
        events: [{ epoch: 0, key: JSON.stringify(cell.settings.train), probable: true }],
      }),
    }));
  const single = planned(text("pissa", 8, "{seed: [1]}"));
  const swept = planned(text("lora", 2, "{train.learning_rate: [1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 6e-4]}"));
  const shares = shareOut([...single, ...swept], 2);
  expect(shares.length).toBeGreaterThan(2);
});

test("what a lane keeps without moments counts once, on disk and in memory", () => {
  const [cell] = cells("{method.merges: [0]}", () => []) as [PlannedCell];
  const keeping = { ...cell, inspected: { ...cell.inspected, shape: shapeAs({ kept_parameters: 1_000_000 }) } };
  expect(laneBytes([keeping]) - laneBytes([cell])).toBe(4_000_000);
  expect(diskOf([keeping]).checkpoint - diskOf([cell]).checkpoint).toBe(2 * 4_000_000);
});
