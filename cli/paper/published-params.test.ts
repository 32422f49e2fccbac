import { expect, test } from "vitest";
import type { Settings } from "../spec/cell.js";
import { sampleSettings } from "../store/fixtures/sample.js";
import { publishedParams } from "./published-params.js";
import { paperTables } from "./reference.js";

const tables = paperTables();
const of = (model: string, method: Settings["method"], quantization: Settings["model"]["quantization"] = "none") =>
  publishedParams(
    { ...sampleSettings({ method }), model: { name: model, revision: null, dtype: "auto", quantization } },
    tables,
  ).map(({ where, params, withHead }) => `${where}: ${params}${withHead ? " with the head" : ""}`);

const ROBERTA = "FacebookAI/roberta-base";
const LLAMA = "meta-llama/Llama-2-7b-hf";

test.each<[string, Settings["method"], string[]]>([
  [ROBERTA, { name: "full" }, ["Table I, FF: 125M with the head"]],
  [ROBERTA, { name: "lora", rank: 8 }, ["Table I, LoRA: 0.3M"]],
  [ROBERTA, { name: "lora", rank: 4 }, []],
  [ROBERTA, { name: "adapter", style: "houlsby", bottleneck: 24 }, ["Table I, AdptD: 0.9M"]],
  [ROBERTA, { name: "lor2c", rank: 8 }, ["Table I, LoR2C: 0.15M"]],
  [ROBERTA, { name: "imlor2c", rank: 8, injected_rank: null, merges: 2, injections: 3 }, ["Table I, IMLoR2C: ≤0.15M"]],
  [ROBERTA, { name: "imlor2c", rank: 8, injected_rank: null, merges: 7, injections: 3 }, []],
  ["/models/roberta-base", { name: "pissa", rank: 8 }, ["Table I, PiSSA: 0.3M"]],
  ["FacebookAI/roberta-large", { name: "lora", rank: 8 }, []],
  [LLAMA, { name: "lora", rank: 64 }, ["Table II, LoRA: 33.6M"]],
  [LLAMA, { name: "lora", rank: 8 }, []],
  [LLAMA, { name: "imlor2c", rank: 64, merges: 8, injections: 8 }, ["Table II, IMLoR2C: 12.6M"]],
])("%s %j", (model, method, expected) => {
  expect(of(model, method)).toEqual(expected);
});

test("LoRA's row and QLoRA's differ in how the model is held", () => {
  const lora = { name: "lora", rank: 64 };
  expect(of(LLAMA, lora, "nf4")).toEqual(["Table II, QLoRA: 33.6M"]);
  expect(of(LLAMA, lora, "int8")).toEqual([]);
  expect(of(LLAMA, { name: "lor2c", rank: 64 }, "nf4")).toEqual([]);
});

test("every count that the paper prints is the exact count, rounded", () => {
  // docs/semantics.md section 8; the counts themselves are tested against the worker's models.
  const exact: Record<string, number> = {
    ff: 124_647_170,
    "adptd-0.3m": 304_320,
    "adptd-0.9m": 894_528,
    lora: 294_912,
    dylora: 294_912,
    pissa: 294_912,
    lor2c: 147_456,
  };
  for (const { id, params } of tables.tables.table1.rows) {
    const count = exact[id];
    if (count === undefined) continue;
    const printed = Number(params?.replace("M", ""));
    const digits = params?.split(".")[1]?.replace("M", "").length ?? 0;
    expect(Number((count / 1e6).toFixed(digits)), id).toBe(printed);
  }
});
