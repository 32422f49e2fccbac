import { expect, test } from "vitest";
import { cellId } from "../plan/cell-id.js";
import { keyText } from "../views/explain-text.js";
import { shippedCatalog } from "./catalog.js";
import { methodName } from "./cell.js";
import { explainKey } from "./explain.js";
import { load as loadWith, problems as problemsWith } from "./fixtures/specs.js";

const catalog = shippedCatalog();
const load = (text: string, sets: string[] = []) => loadWith(text, sets, catalog);
const problems = (text: string) => problemsWith(text, [], catalog);
const only = (text: string) => {
  const [cell] = load(text).cells;
  if (!cell) throw new Error("one run was expected");
  return cell;
};

const QLORA = "model: minilm\ntask: sst2\nmethod: {name: qlora, rank: 4}\n";
const LORA = "model: {name: minilm, quantization: nf4}\ntask: sst2\nmethod: {name: lora, rank: 4}\n";

test.each([
  ["", QLORA],
  ["the quantization that it means", QLORA.replace("minilm", "{name: minilm, quantization: nf4}")],
  ["the parameter of earlier versions", QLORA.replace("rank: 4", "rank: 4, double_quantisation: true")],
])("qlora is lora over nf4, with the same settings and id %s", (_, spec) => {
  const [written, meant] = [only(spec), only(LORA)];
  expect(written.settings).toEqual(meant.settings);
  const contents = { model: "m", data: "d", precision: "fp32" };
  expect(cellId(written.settings, contents)).toBe(cellId(meant.settings, contents));
  expect([methodName(written), methodName(meant)]).toEqual(["qlora", "lora"]);
});

test("labels have the name that was written", () => {
  const { cells } = load("model: minilm\ntask: sst2\nsweep: {grid: {method: [lora, qlora], seed: [1, 2]}}\n");
  expect(cells.map(({ label, settings }) => [label, settings.method.name, settings.model.quantization])).toEqual([
    ["method=lora seed=1", "lora", "none"],
    ["method=lora seed=2", "lora", "none"],
    ["method=qlora seed=1", "lora", "nf4"],
    ["method=qlora seed=2", "lora", "nf4"],
  ]);
  expect(cells[2]?.axes).toEqual({ "method.name": "qlora", seed: 1 });
});

test("both ways of writing in one sweep are one run", () => {
  const { cells, notes } = load(
    `${LORA.replace("{name: lora, rank: 4}", "lora")}sweep: {grid: {method: [lora, qlora]}}`,
  );
  expect(cells).toHaveLength(1);
  expect(notes).toEqual(["1 of 2 combinations of the sweep is equal to another one and left out"]);
});

test("another quantization contradicts it, where it is written", () => {
  expect(problems("model:\n  name: minilm\n  quantization: int8\ntask: sst2\nmethod: qlora\n")).toEqual([
    "3:17 model.quantization: is int8, but method qlora is lora over nf4 | leave it out, or for int8 write method: lora",
  ]);
  expect(problems(`${QLORA}sweep:\n  grid:\n    model.quantization: [none, nf4]\n`)).toEqual([
    "6:26 model.quantization: is none, but method qlora is lora over nf4 | leave it out, or for none write method: lora",
  ]);
  expect(problems(QLORA.replace("minilm", "{name: minilm, quantization: fp4}"))).toEqual([
    expect.stringContaining("expected one of none, int8, nf4"),
  ]);
});

test("scales of full precision are gone", () => {
  expect(problems(QLORA.replace("rank: 4", "double_quantisation: false"))).toEqual([
    "3:44 method.double_quantisation: is false, but nf4 always quantises the scales of its blocks too | " +
      "leave it out: qlora is lora with model.quantization nf4",
  ]);
  const lora = problems(LORA.replace("rank: 4", "double_quantisation: true"));
  expect(lora).toEqual([expect.stringContaining("method.double_quantisation: unknown key")]);
});

test("its parameters are those of lora, in explain and in messages", () => {
  expect(explainKey("method.qlora", catalog).below.map(({ key }) => key)).toEqual(
    explainKey("method.lora", catalog).below.map(({ key }) => key),
  );
  expect(keyText(explainKey("method", catalog), null)).toContain("qlora (lora with model.quantization nf4)");
  expect(problems(QLORA.replace("rank", "ranks"))[0]).toContain("did you mean `rank`?");
  expect(problems(QLORA.replace("qlora", "qlorra"))[0]).toContain("did you mean `qlora`?");
});
