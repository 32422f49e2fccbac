import { expect, test } from "vitest";
import { shippedCatalog } from "../spec/catalog.js";
import { constantAnswer, LOWER_IS_BETTER, lowerIsBetter } from "./score-direction.js";

test("the scores that are better when smaller are those of the worker", () => {
  expect(shippedCatalog().lower_is_better).toEqual([...LOWER_IS_BETTER]);
  const scores = shippedCatalog().tasks.flatMap((task) => task.scores);
  expect([...new Set(scores.filter(lowerIsBetter))].toSorted()).toEqual([...LOWER_IS_BETTER].toSorted());
});

test("a form of a score has its direction, another name does not", () => {
  for (const name of ["loss", "eval_loss", "mse", "mae@4", "loss@4"]) expect(lowerIsBetter(name), name).toBe(true);
  for (const name of ["accuracy", "f1_macro", "mseloss_", "accuracy_mm"]) expect(lowerIsBetter(name), name).toBe(false);
  expect(["mse", "accuracy", null].map(constantAnswer)).toEqual(["mean target", "majority class", "majority class"]);
});
