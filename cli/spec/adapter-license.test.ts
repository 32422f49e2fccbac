import { expect, test } from "vitest";
import { cellId } from "../plan/cell-id.js";
import { sampleSettings } from "../store/fixtures/sample.js";
import { licenseProblem } from "./licenses.js";
import { CellSchema } from "./schema.js";

const NAMES = { model: { name: "minilm" }, task: { name: "mrpc" }, method: { name: "lora" } };

test("a licence is one that the hub knows", () => {
  expect(CellSchema.parse({ ...NAMES, adapter: { license: "cc-by-4.0" } }).adapter).toEqual({ license: "cc-by-4.0" });
  expect(CellSchema.parse(NAMES).adapter).toEqual({ license: null });
  const wrong = CellSchema.safeParse({ ...NAMES, adapter: { license: "Apache 2.0" } });
  expect(wrong.error?.issues.map(({ message }) => message)).toEqual([
    'the hub knows no licence "Apache 2.0": did you mean `apache-2.0`? (other stands for any that it lacks)',
  ]);
  expect(licenseProblem("MIT")).toContain("`mit`");
  expect(licenseProblem("apache2")).toContain("`apache-2.0`");
  expect(licenseProblem("CC BY 4.0")).toContain("`cc-by-4.0`");
  expect(licenseProblem("GPLv3")).toContain("`gpl-3.0`");
  expect(licenseProblem("")).toContain("such as apache-2.0");
  expect(licenseProblem("my own terms")).toContain("such as apache-2.0");
});

test("it is no part of a run's id, nor is the key itself", () => {
  const { adapter: _, ...without } = sampleSettings();
  const ids = [
    without as ReturnType<typeof sampleSettings>,
    sampleSettings(),
    { ...sampleSettings(), adapter: { license: "mit" } },
  ].map((settings) => cellId(settings, {}));
  expect(new Set(ids).size).toBe(1);
});
