import { expect, test } from "vitest";
import { load, minimal } from "../spec/fixtures/specs.js";
import { inspectedAs, plannedFrom } from "./fixtures/planned.js";
import { cellEpochs, evaluationsOf, firstLanesOf, halve, laneEpochs, laneEvaluations, lanesOf } from "./tree.js";

const [one] = plannedFrom(load(minimal()).cells);
if (!one) throw new Error("a cell was expected");

type Event = { epoch: number; key: string; probable?: boolean };

/** A cell that trains so many epochs of 94 steps, and whose trajectory these events separate. */
const cell = (epochs: number, events: Event[]) => ({
  ...one,
  settings: { ...one.settings, train: { ...one.settings.train, num_train_epochs: epochs, batch_size: 32 } },
  inspected: inspectedAs({
    total_steps: epochs * 94,
    events: events.map((event) => ({ probable: true, ...event })),
  }),
});

/** docs/semantics.md section 3: the interval of paper Eq. 11 and 12 under the official timing. */
const times = (epochs: number, budget: number) => {
  const interval = Math.floor(epochs / 4 / (budget + 1e-9)) + 1;
  return Array.from({ length: budget }, (_, i) => (i + 1) * interval);
};

const grid = (epochs: number) =>
  Array.from({ length: 49 }, (_, n) => {
    const merges = times(epochs, Math.floor(n / 7)).map((epoch) => ({ epoch, key: "merge" }));
    const injections = times(epochs, n % 7).map((epoch) => ({ epoch, key: "inject" }));
    const order = (event: Event) => event.epoch + (event.key === "inject" ? 0.5 : 0);
    return cell(
      epochs,
      [...merges, ...injections].sort((a, b) => order(a) - order(b)),
    );
  });

test.each([
  [30, 1083, 1470],
  [40, 1600, 1960],
  [60, 2405, 2940],
  [80, 3212, 3920],
])("the paper's 7 x 7 grid over %i epochs", (epochs, lanes, alone) => {
  expect(laneEpochs(grid(epochs), "planned")).toBe(lanes);
  expect(cellEpochs(grid(epochs))).toBe(alone);
});

test("equal cells are one lane, whatever their number and order", () => {
  const alike = [cell(4, []), cell(4, [{ epoch: 1, key: "a" }]), cell(4, []), cell(4, [{ epoch: 1, key: "a" }])];
  expect(laneEpochs(alike, "planned")).toBe(7);
});

test("an event after the last epoch separates nothing", () => {
  expect(laneEpochs([cell(4, []), cell(4, [{ epoch: 4, key: "a" }])], "planned")).toBe(4);
  expect(laneEpochs([cell(4, []), cell(4, [{ epoch: 9, key: "a" }])], "planned")).toBe(4);
});

test("cells with different starts share nothing", () => {
  expect(laneEpochs([cell(4, [{ epoch: 0, key: "x" }]), cell(4, [{ epoch: 0, key: "y" }])], "planned")).toBe(8);
});

test("lanes at the first step and at the end", () => {
  const [x, y, merge] = [
    { epoch: 0, key: "x" },
    { epoch: 0, key: "y" },
    { epoch: 1, key: "merge" },
  ];
  const cells = [cell(4, [x]), cell(4, [y]), cell(4, [x, merge]), cell(4, [y])];
  expect(firstLanesOf(cells)).toBe(2);
  expect(lanesOf(cells)).toBe(3);
});

test("max_steps cuts an epoch short", () => {
  const cut = { ...cell(4, []), inspected: inspectedAs({ total_steps: 47 * 3, events: [] }) };
  expect(laneEpochs([cut], "planned")).toBe(1.5);
});

test("evaluations by steps: those that follow an epoch or a parting, and the one of the last step", () => {
  const every = (steps: number, epochs: number, events: Event[] = []) => {
    const base = cell(epochs, events);
    return { ...base, settings: { ...base.settings, train: { ...base.settings.train, eval_steps: steps } } };
  };
  expect([47, 40, 188, 1000].map((steps) => evaluationsOf(every(steps, 2)))).toEqual([4, 5, 1, 1]);
  expect(laneEvaluations([every(47, 2)], 0.5)).toBe(3);
  expect(laneEvaluations([every(40, 2)], 188 / 94)).toBe(1); // the one of the end, for a run that stands at its last step
  // A merge at epoch 0.75: the lanes are apart at the second and later evaluations.
  expect(laneEvaluations([every(47, 2), every(47, 2, [{ epoch: 0.75, key: "merge" }])])).toBe(4 + 3);
});

test("halves cost about the same and share most of what can be shared", () => {
  const whole = grid(30);
  const parts = halve(whole);
  expect(parts.flat()).toHaveLength(49);
  const costs = parts.map((part) => laneEpochs(part, "planned"));
  expect(Math.max(...costs)).toBeLessThan(0.55 * laneEpochs(whole, "planned"));
  expect(costs.reduce((sum, cost) => sum + cost)).toBeLessThan(laneEpochs(whole, "planned") + 30);
  expect(halve([cell(4, [])])).toHaveLength(1);
});

test("events that will probably find no candidate separate nothing in the probable course", () => {
  const at = (...epochs: number[]) => epochs.map((epoch) => ({ epoch, key: "merge", probable: epoch < 3 }));
  const cells = [cell(6, at()), cell(6, at(1)), cell(6, at(1, 2)), cell(6, at(1, 2, 3)), cell(6, at(1, 2, 3, 4))];
  expect([laneEpochs(cells, "planned"), laneEpochs(cells, "probable")]).toEqual([6 + 5 + 4 + 3 + 2, 6 + 5 + 4]);
  expect(laneEvaluations(cells)).toBe(6 + 6 + 5);
  // 6 + 4 epochs and 6; by what is planned 6 + 2 + 3 and 6 + 5 would be the best cut
  expect(halve(cells).map((part) => part.length)).toEqual([4, 1]);
});
