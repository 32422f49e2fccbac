import { expect, test } from "vitest";
import { equivalence, MARGIN } from "./equivalence.js";

test("one point unless another margin is asked for; a small difference that varies much is not shown to be equal", () => {
  expect(MARGIN).toBe(0.01);
  const near = [0.001, -0.002, 0.002, 0.0, -0.001];
  expect(equivalence(near)).toMatchObject({ n: 5, margin: 0.01, equivalent: true });
  expect(equivalence(near, { margin: 0.001 })).toMatchObject({ margin: 0.001, equivalent: false });
  expect(equivalence([0.03, -0.03, 0.02, -0.02, 0])?.equivalent).toBe(false);
});

test("the level is that of the interval that must lie within the margin: 90 % of both tests at 5 %", () => {
  const differences = [0.004, 0.006, 0.001, 0.009];
  const p = equivalence(differences)?.p ?? 0;
  expect(equivalence(differences, { level: 1 - p })?.equivalent).toBe(true);
  expect(equivalence(differences, { level: 1 - p + 0.001 })?.equivalent).toBe(false);
});

test("equal differences: inside, outside, and on the margin", () => {
  expect(equivalence([0.005, 0.005])).toMatchObject({ p: 0, equivalent: true });
  expect(equivalence([0.02, 0.02])).toMatchObject({ p: 1, equivalent: false });
  expect(equivalence([0.01, 0.01])).toMatchObject({ p: 0.5, equivalent: false });
});

test("one pair has no deviation; a margin must be above zero", () => {
  expect(equivalence([0.001])).toBeNull();
  expect(() => equivalence([0, 0], { margin: 0 })).toThrow("the margin 0 is not above 0");
  expect(() => equivalence([0, Number.NaN])).toThrow(RangeError);
});
