import { describe, expect, test } from "vitest";
import { testRows } from "./tests.js";
import { testLines } from "./tests-text.js";

const row = (name: string, values: readonly number[], from = 1) => ({
  name,
  values: new Map(values.map((value, at) => [from + at, value])),
});
const OPTIONS = { baseline: null, lowerIsBetter: false, column: 0 };
const found = (rows: Parameters<typeof testRows>[0], options: Partial<Parameters<typeof testRows>[1]> = {}) =>
  testRows(rows, { ...OPTIONS, ...options });
const text = (...args: Parameters<typeof found>) => {
  const tests = found(...args);
  return tests === null ? "" : testLines(tests, (value) => value.toFixed(4), 80).join("\n");
};

const GOOD = [0.9, 0.91, 0.92, 0.9, 0.91, 0.93, 0.9, 0.92];
const BAD = GOOD.map((value, at) => value - 0.05 - at / 1000);
const NEAR = GOOD.map((value, at) => value - (at % 2) / 1000);

describe("against the best", () => {
  test("exact p, Holm's correction and equivalence", () => {
    // all 8 differences have one sign: p is 2 / 2^8. Holm: the smallest of two is doubled.
    const tests = found([row("near", NEAR), row("good", GOOD), row("bad", BAD)]);
    expect(tests).toMatchObject({ against: "good", as: "best", seeds: [1, 2, 3, 4, 5, 6, 7, 8], margin: 0.01 });
    expect(tests?.rows.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["near", "same"],
      ["bad", "worse"],
    ]);
    expect(tests?.rows[1]).toMatchObject({ p: 2 / 256, corrected: 4 / 256, smallest: 4 / 256, refused: null });
    expect(tests?.rows[1]?.difference?.mean).toBeCloseTo(-0.0535, 12);
  });

  test("of a loss the best is the smallest, and more is worse", () => {
    const tests = found([row("low", BAD), row("high", GOOD)], { lowerIsBetter: true });
    expect(tests).toMatchObject({ against: "low", rows: [{ name: "high", verdict: "worse" }] });
    // nobody but the user knows what is a small difference of a loss
    expect(tests).toMatchObject({ margin: null, rows: [{ equivalence: null }] });
    expect(
      found([row("low", BAD), row("high", GOOD)], { lowerIsBetter: true, margin: 0.2 })?.rows[0]?.equivalence,
    ).toBeLessThan(1e-9);
  });

  test("a row with fewer seeds is neither the best nor tested, and the reason names the seeds", () => {
    const tests = found([row("lucky", [0.99, 0.98]), row("good", GOOD), row("late", BAD, 3)]);
    expect(tests?.against).toBe("good");
    expect(tests?.rows.map(({ verdict, refused }) => [verdict, refused])).toEqual([
      ["refused", "it has no seeds 3, 4, 5, 6, 7, 8"],
      ["refused", "it has no seeds 1, 2, good has no seeds 9, 10"],
    ]);
    // what was not tested corrects nothing
    expect(found([row("good", GOOD), row("bad", BAD), row("lucky", [0.99])])?.rows[0]?.corrected).toBe(2 / 256);
  });

  test("equal scores are the same, not an error", () => {
    const tests = found([row("a", GOOD), row("b", GOOD)]);
    expect(tests?.rows[0]).toMatchObject({ p: 1, equivalence: 0, verdict: "same", difference: { mean: 0 } });
  });

  test("one value in all runs of both rows, as where all collapsed, is no sign of sameness", () => {
    const stuck = [0.6839, 0.6839, 0.6839];
    const rows = [row("a", stuck), row("b", stuck), row("c", [0.6, 0.61, 0.62])];
    expect(found(rows)?.rows).toMatchObject([
      { name: "b", verdict: "refused", refused: "no spread", equivalence: null },
      { name: "c", corrected: 0.25 },
    ]);
    expect(text(rows)).toMatch(/^b .*not tested: no spread$/m);
  });
});

test("against a baseline a row can be better", () => {
  const tests = found([row("good", GOOD), row("bad", BAD)], { baseline: "bad" });
  expect(tests).toMatchObject({ against: "bad", as: "baseline", rows: [{ name: "good", verdict: "better" }] });
  expect(found([row("good", GOOD), row("none", [])], { baseline: "none" })).toBeNull();
});

test("fewer than two rows with values are no test", () => {
  expect(found([row("good", GOOD)])).toBeNull();
  expect(found([row("good", GOOD), row("none", [])])).toBeNull();
  expect(found([])).toBeNull();
});

describe("in words", () => {
  test("five pairs can't reach 0.05, however large the difference", () => {
    const [a, b] = [GOOD.slice(0, 5), BAD.slice(0, 5)];
    expect(text([row("good", a), row("bad", b)])).toBe(`tests against good (the best), over 5 seeds (1, 2, 3, 4, 5)

                                        same
name        difference       p  Holm p     p  verdict
bad   -0.0520 ± 0.0020  0.0625  0.0625     1  can't be told apart; about 6 seeds
                                              would settle it

difference: mean over seeds ± half of its 95 % interval; p: exact sign-flip
  test; Holm p: corrected for 1 test; same p: two one-sided t tests, within 0.01
5 pairs can't reach 0.05: the smallest p is 0.0625`);
  });

  test("against a baseline the text says which tests a Holm p is of, and that marks are of others", () => {
    const lines = text([row("good", GOOD), row("bad", BAD), row("worse", BAD)], { baseline: "bad" });
    expect(lines.replaceAll(/\s+/g, " ")).toContain(
      "Holm p: corrected for the 2 tests against the baseline; same p: two one-sided t tests, within 0.01 * and ~ before " +
        "names are from other tests, against the best row and corrected for themselves",
    );
  });

  test("how many seeds would settle it: as many as an exact test needs, or as the noise asks for", () => {
    const noisy = [0.02, -0.01, 0.03, -0.02, 0.025, 0, 0.01, -0.015].map((by, at) => (GOOD[at] ?? 0) - by);
    // seeds-to-settle.test.ts has scipy's numbers; this is what it says for a mean of 0.005 and a deviation of 0.019
    expect(text([row("good", GOOD), row("noisy", noisy)])).toMatch(/about \d{2,3}\s+seeds would/);
    expect(found([row("good", GOOD), row("noisy", noisy)])?.rows[0]?.settle?.apart).toBe(117);
  });

  test("seven pairs can't in seven tests", () => {
    const seven = (shift: number) => GOOD.slice(0, 7).map((value) => value - shift);
    const rows = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => row(`row ${at}`, seven(at / 10)));
    expect(text(rows)).toContain("7 pairs can't reach 0.05 in 7 tests: the smallest corrected p is 0.109");
    expect(text(rows.slice(0, 2))).not.toContain("can't reach");
  });

  test("three seeds are few, one is none", () => {
    const few = text([row("good", GOOD.slice(0, 3)), row("bad", BAD.slice(0, 3))]);
    expect(few).toContain("3 pairs can't reach 0.05: the smallest p is 0.25");
    const two = text([row("good", GOOD.slice(0, 2)), row("bad", BAD.slice(0, 2)), row("worse", [0.1, 0.2])]);
    expect(two).toContain("2 pairs can't reach 0.05: the smallest p is 0.5");
    expect(few).toContain("few seeds: 3 seeds say little about other seeds");
    // 2 / 2^3, whatever a correction for five tests makes of it
    const rows = [0, 1, 2, 3, 4, 5].map((at) =>
      row(
        `row ${at}`,
        [0.9, 0.8, 0.7].map((value) => value - at / 10),
      ),
    );
    expect(text(rows)).toContain("3 pairs can't reach 0.05: the smallest p is 0.25");
    expect(text([row("good", [0.9]), row("bad", [0.8])])).toBe("not tested: bad: one seed has no spread");
  });
});
