import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folder, load, minimal, write } from "./fixtures/specs.js";
import { shownNames } from "./local-paths.js";

const shown = (key: string, ...values: unknown[]) => values.map(shownNames(key, values));
const labels = (spec: { cells: { label: string }[] }) => spec.cells.map(({ label }) => label);
const paths = (spec: ReturnType<typeof load>) => spec.cells.map(({ settings }) => settings.data.path);

describe("folders of a sweep are runs of their own", () => {
  const folds = ["fold1", "fold2", "fold3"].map((name) => join(folder, name));
  test.each([
    ["grid", "sweep: {grid: {data.path: [fold1, fold2, fold3]}}"],
    ["zip", "sweep: {zip: {data.path: [fold1, fold2, fold3], data.split_seed: [0, 0, 0]}}"],
    ["variants", "sweep: {variants: [{data: {path: fold1}}, {data: {path: fold2}}, {data: {path: fold3}}]}"],
    ["include", "sweep: {include: [{data.path: fold1}, {data.path: fold2}, {data.path: fold3}]}"],
  ])("by %s", (_, sweep) => {
    const spec = load(minimal(sweep));
    expect(paths(spec)).toEqual(folds);
    expect(labels(spec)).toEqual(["path=fold1", "path=fold2", "path=fold3"]);
    expect(spec.cells.map(({ axes }) => axes["data.path"])).toEqual(["fold1", "fold2", "fold3"]);
    expect(spec.notes).toEqual([]);
  });
  test("by extends: each file's paths start from its own folder", () => {
    mkdirSync(join(folder, "base"), { recursive: true });
    write("base/base.yaml", minimal("data: {path: fold1}"));
    const spec = load("extends: base/base.yaml\nsweep: {variants: [{}, {data: {path: fold1}}]}");
    expect(paths(spec)).toEqual([join(folder, "base", "fold1"), join(folder, "fold1")]);
    expect(labels(spec)).toEqual(["path=base/fold1", "path=fold1"]);
  });
  test("by --set, from the working folder", () => {
    const spec = load(minimal(), ["sweep={grid: {data.path: [fold1, fold2]}}"]);
    expect(paths(spec)).toEqual([join(process.cwd(), "fold1"), join(process.cwd(), "fold2")]);
    expect(labels(spec)).toEqual(["path=fold1", "path=fold2"]);
  });
  test("folders of models too, beside names", () => {
    const spec = load("task: toy\nmethod: plain\nsweep: {grid: {model: [./m/one, ./m/two, tiny]}}");
    expect(labels(spec)).toEqual(["model=one", "model=two", "model=tiny"]);
    expect(spec.cells.map(({ settings }) => settings.model.name)).toEqual([
      join(folder, "m/one"),
      join(folder, "m/two"),
      "tiny",
    ]);
  });
  test("two ways to write one folder are one run", () => {
    const spec = load(minimal("sweep: {grid: {data.path: [fold1, ./fold1, fold2]}}"));
    expect(labels(spec)).toEqual(["path=fold1", "path=fold2"]);
    expect(spec.notes).toEqual(["1 of 3 combinations of the sweep is equal to another one and left out"]);
  });
  test("what is excluded is called as what is not", () => {
    const spec = load(
      minimal("sweep: {grid: {data.path: [d/a, d/b, c], seed: 1..2}, exclude: [{data.path: d/b, seed: 2}]}"),
    );
    expect(spec.cells.at(-1)?.axes).toEqual({ "data.path": "c", seed: 2 });
    expect(spec.leftOut).toEqual([{ axes: { "data.path": "d/b", seed: 2 }, reason: "excluded by the spec" }]);
    const models = load(
      "task: toy\nmethod: plain\nsweep: {grid: {model: [tiny, ./big], seed: 1..2}, exclude: [{model: ./big, seed: 2}]}",
    );
    expect(models.leftOut[0]?.axes).toEqual({ "model.name": "big", seed: 2 });
  });
});

describe("a path is shown", () => {
  test("without the folder that all are in", () => {
    expect(shown("data.path", "/data/a/rows", "/data/b/rows")).toEqual(["a/rows", "b/rows"]);
    expect(shown("data.path", "/data/rows", "/data/rows/more", null)).toEqual(["rows", "rows/more", null]);
    expect(shown("data.path", "/a", "/b")).toEqual(["a", "b"]);
    expect(shown("data.path", "/data/rows.tsv", null)).toEqual(["rows.tsv", null]);
  });
  test("whole where a part would be another value's name", () => {
    expect(shown("model.name", "/models/tiny", "tiny")).toEqual(["/models/tiny", "tiny"]);
  });
  test("and no other key's text is touched", () => {
    expect(shown("data.hub", "/data/a", "/data/b")).toEqual(["/data/a", "/data/b"]);
  });
});
