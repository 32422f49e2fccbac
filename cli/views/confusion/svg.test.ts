import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import type { ClassReport, ErrorReport, LabelsReport, Report } from "./report.js";
import { confusionSvg } from "./svg.js";

const base = { rows: 200, score_name: "accuracy", epoch: 3 };
const scores = { precision: 0.7, recall: 0.8, f1: 0.74 };
const means = { accuracy: 0.73, parts: [], macro: scores, weighted: scores };
const labelsOf = (names: readonly string[]) => names.map((label) => ({ label, ...scores, support: 40, predicted: 40 }));
const classes = (names: readonly string[]): ClassReport => ({
  ...{ ...base, ...means, kind: "classify", labels: labelsOf(names), confused: [] },
  matrix: names.map((_, row) => names.map((_, column) => (row === column ? 30 : 3))),
});
const sets = (names: readonly string[]): LabelsReport => ({
  ...{ ...base, ...means, kind: "multi_label", micro: scores, labels: labelsOf(names) },
});
const errors: ErrorReport = {
  ...{ ...base, kind: "regress", mean_error: 0, mae: 0.5, mse: 0.4, quantiles: [], largest: [] },
  points: [
    [1, 1.5],
    [2, 1.5],
  ],
};

function drawn(data: Report, label = "seed=1") {
  const { document } = parseHTML(confusionSvg([{ run: "63567bc3dc7d54df", label, data }]));
  const [page, plot] = [...document.querySelectorAll("svg")];
  return {
    width: Number(page?.getAttribute("width")),
    plot: Number(plot?.getAttribute("width")),
    texts: [...document.querySelectorAll("text")].map(({ textContent }) => textContent),
    turned: [...document.querySelectorAll("text")].filter((text) => text.getAttribute("transform")?.includes("-40")),
  };
}

test("a picture says what it shows, and names its axes", () => {
  expect(drawn(classes(["no", "yes"])).texts).toEqual(
    expect.arrayContaining(["confusion matrix of 200 evaluation rows", "true", "predicted"]),
  );
  expect(drawn(sets(["joy", "anger"])).texts).toEqual(
    expect.arrayContaining(["scores of each label, 200 evaluation rows", "label", "score"]),
  );
  expect(drawn(errors).texts).toEqual(
    expect.arrayContaining(["predictions by labels, 200 evaluation rows", "true", "predicted"]),
  );
});

test("a picture is as wide as its widest part: no blank half, and nothing beyond its edge", () => {
  const small = drawn(classes(["no", "yes"]));
  expect(small.width).toBeLessThan(400);
  expect(drawn(classes(["no", "yes"]), "merges=2 injections=2 seed=3").width).toBeGreaterThan(small.width);
  const many = drawn(classes(Array.from({ length: 40 }, (_, i) => `label ${i}`)));
  expect(many.width).toBeLessThanOrEqual(720);
  expect(many.width - many.plot).toBeGreaterThanOrEqual(40); // where the last name, which is turned, ends
  expect(drawn(classes(["no", "a".repeat(300)]), "b".repeat(300)).width).toBe(720);
});

test("names above columns are turned only where they are wider", () => {
  expect(drawn(classes(["no", "yes"])).turned).toHaveLength(0);
  expect(drawn(classes(["equivalent", "not_equivalent"])).turned).not.toHaveLength(0);
});
