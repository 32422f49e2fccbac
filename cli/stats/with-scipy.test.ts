/** The tests of paired differences against scipy 1.17 and statsmodels 0.15; fixtures/with_scipy.py has the calls. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { equivalence } from "./equivalence.js";
import { holm } from "./holm.js";
import { tProbability } from "./mean-interval.js";
import { signFlip } from "./sign-flip.js";

interface Recorded {
  samples: { differences: number[]; signFlip: number; equivalence: number | null }[];
  holm: { p: number[]; holm: number[] }[];
  t: { t: number; df: number; below: number }[];
}
const scipy = JSON.parse(readFileSync(new URL("fixtures/scipy.json", import.meta.url), "utf8")) as Recorded;

test("the record has every case", () => {
  expect([scipy.samples.length, scipy.holm.length, scipy.t.length]).toEqual([36, 5, 30]);
});

test.each(scipy.samples)("sign flips of $differences", ({ differences, signFlip: p }) => {
  expect(signFlip(differences)).toMatchObject({ p: expect.closeTo(p, 12), n: differences.length, error: null });
});

test.each(scipy.samples.filter((one) => one.equivalence !== null))("equivalence of $differences", (one) => {
  expect(equivalence(one.differences)?.p).toBeCloseTo(one.equivalence ?? Number.NaN, 7);
});

test.each(scipy.holm)("Holm's correction of $p", ({ p, holm: adjusted }) => {
  for (const [i, value] of holm(p).entries()) expect(value).toBeCloseTo(adjusted[i] ?? Number.NaN, 12);
});

test.each(scipy.t)("t at $t with $df degrees of freedom", ({ t, df, below }) => {
  expect(tProbability(t, df)).toBeCloseTo(below, 7);
});
