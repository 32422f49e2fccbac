import { describe, expect, test } from "vitest";
import { catalog, load, problems } from "./fixtures/specs.js";

const method = (text: string) => load(`model: tiny\ntask: toy\nmethod: ${text}`).cells[0]?.settings.method;
const wrong = (text: string) =>
  problems(`model: tiny\ntask: toy\nmethod: ${text}`).map((line) => line.replace(/^\d+:\d+ /, ""));

test("every default is filled in, in the order of the catalog", () => {
  expect(JSON.stringify(method("{needed: 1, name: typed}"))).toBe(
    '{"name":"typed","needed":1,"maybe":null,"flag":false,"word":"x","mode":"a","layers":[0,1],"extra":{}}',
  );
});

describe("types", () => {
  test("values that fit", () => {
    expect(
      method("{name: typed, needed: -3, maybe: 0.5, flag: true, word: y, mode: b, layers: [], extra: [1, {a: null}]}"),
    ).toEqual({
      name: "typed",
      needed: -3,
      maybe: 0.5,
      flag: true,
      word: "y",
      mode: "b",
      layers: [],
      extra: [1, { a: null }],
    });
  });
  test.each([
    ["needed: 1.5", "method.needed: expected a whole number, found 1.5"],
    ["needed: null", "method.needed: expected a whole number, found nothing (null)"],
    ["needed: 1, maybe: x", 'method.maybe: expected a number or null, found the text "x"'],
    ["needed: 1, flag: 1", "method.flag: expected true or false, found 1"],
    ["needed: 1, word: 3", "method.word: expected text, found 3"],
    ["needed: 1, mode: c", 'method.mode: expected one of a, b, found the text "c" | did you mean `a`?'],
    ["needed: 1, layers: 3", "method.layers: expected a list (each a whole number from 0), found 3"],
    ["needed: 1, layers: [0, -1]", "method.layers[1]: expected a whole number from 0, found -1"],
    ["needed: 1, extra: .nan", "method.extra: expected a value that JSON can hold"],
  ])("%s", (text, message) => {
    expect(wrong(`{name: typed, ${text}}`)).toEqual([message]);
  });
  test("limits", () => {
    expect(wrong("{name: plain, rank: 0, scale: 0}")).toEqual([
      "method.rank: expected a whole number from 1, found 0",
      "method.scale: expected a number above 0 up to 64, found 0",
    ]);
  });
});

describe("presets", () => {
  const paper = { score: "sfs", k: 1, moments: true };
  test.each([
    ["moving", paper],
    ["{name: moving, rules: official}", { score: "mean", k: 0, moments: false }],
    ["{name: moving, rules: {k: 3}}", { ...paper, k: 3 }],
    ["{name: moving, rules: {preset: official, moments: true}}", { score: "mean", k: 0, moments: true }],
    ["{name: moving, rules: {}}", paper],
  ])("%s", (text, rules) => {
    expect(method(text)?.rules).toEqual(rules);
  });
  test("a default that is a preset's name", () => {
    const named = structuredClone(catalog);
    const parameter = named.methods.flatMap((one) => one.parameters).find((one) => one.type === "preset");
    if (parameter) parameter.default = "official";
    expect(load("model: tiny\ntask: toy\nmethod: moving", [], named).cells[0]?.settings.method.rules).toMatchObject({
      k: 0,
    });
  });
  test("problems inside", () => {
    expect(wrong("{name: moving, rules: papr}")).toEqual([
      'method.rules: expected one of paper, official or a mapping, found the text "papr" | did you mean `paper`?',
    ]);
    expect(wrong("{name: moving, rules: {preset: x, scor: sfs, k: -1}}")).toEqual([
      'method.rules.preset: expected one of paper, official, found the text "x"',
      "method.rules.scor: unknown key | did you mean `score`?",
      "method.rules.k: expected a whole number from 0, found -1",
    ]);
  });
  test("--set and grids reach into a preset by name", () => {
    const spec = load(
      "model: tiny\ntask: toy\nmethod: {name: moving, rules: official}\nsweep: {grid: {method.rules.k: [2, 3]}}",
      ["method.rules.moments=true"],
    );
    expect(spec.cells.map((cell) => [cell.label, cell.settings.method.rules])).toEqual([
      ["k=2", { score: "mean", k: 2, moments: true }],
      ["k=3", { score: "mean", k: 3, moments: true }],
    ]);
  });
});
