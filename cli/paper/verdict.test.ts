import { expect, test } from "vitest";
import { meanInterval } from "../stats/mean-interval.js";
import { gapToNext, judge } from "./verdict.js";

const ask = (changes: Partial<Parameters<typeof judge>[0]>) =>
  judge({ published: 89.7, decimals: 1, measured: null, gap: 0.5, incomparable: [], ...changes });
const seeds = (...values: number[]) => meanInterval(values);

test("not run: nothing was measured, whether comparable or not", () => {
  expect(ask({})).toEqual({ verdict: "not run", reason: null });
  expect(ask({ incomparable: ["another model"] }).verdict).toBe("not run");
});

test("not comparable: has a reason, even if the numbers agree", () => {
  const measured = seeds(89.7, 89.7, 89.7);
  expect(ask({ measured, incomparable: ["another model", "300 training rows"] })).toEqual({
    verdict: "not comparable",
    reason: "another model, 300 training rows",
  });
});

test("underpowered: fewer than three seeds, whatever their scores", () => {
  expect(ask({ measured: seeds(89.7) })).toEqual({ verdict: "underpowered", reason: "1 of at least 3 seeds" });
  expect(ask({ measured: seeds(10, 10.1) }).verdict).toBe("underpowered");
});

test("underpowered: contains the published number and is wider than the distance to the next method", () => {
  const measured = seeds(89.2, 89.7, 90.2); // 89.7 ± 1.24
  expect(ask({ measured })).toEqual({
    verdict: "underpowered",
    reason: "interval 2.5 wide, next method 0.5 away",
  });
  expect(ask({ measured, gap: 2.4 }).verdict).toBe("underpowered");
  expect(ask({ measured, gap: 2.5 }).verdict).toBe("reproduced");
  expect(ask({ measured, gap: null }).verdict).toBe("reproduced");
});

test("reproduced: within a narrow interval, or within the rounding of the published number", () => {
  expect(ask({ measured: seeds(89.6, 89.7, 89.8) }).verdict).toBe("reproduced");
  expect(ask({ measured: seeds(89.74, 89.74, 89.74) }).verdict).toBe("reproduced");
  expect(ask({ measured: seeds(89.74, 89.74, 89.74), decimals: 2 }).verdict).toBe("differs");
});

test("differs: outside the interval on either side, even if it is wide", () => {
  expect(ask({ measured: seeds(88, 88.1, 88.2) })).toEqual({ verdict: "differs", reason: null });
  expect(ask({ measured: seeds(91, 91.1, 91.2) }).verdict).toBe("differs");
  expect(ask({ measured: seeds(80, 81, 82), gap: 0.1 }).verdict).toBe("differs");
});

test("the distance to the next method ignores equal scores", () => {
  expect(gapToNext(89.2, [89.2, 89.2, 89.5, 88.8])).toBeCloseTo(0.3, 10);
  expect(gapToNext(89.2, [89.2, 89.2])).toBeNull();
});
