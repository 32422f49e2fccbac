import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import stringWidth from "string-width";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTROLS, HOSTILE } from "../../fixtures/hostile.js";
import { claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "../../store/fixtures/sample.js";
import { parsePredictions } from "../../store/predictions.js";
import { getRun, type RunRow } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { ingest } from "../../store/write.js";
import { findPython } from "../../worker/python.js";
import { tooWide } from "../fixtures/too-wide.js";
import { expectVegaLite } from "../fixtures/vega-lite.js";
import { svgToPng } from "../parts/png.js";
import { visible } from "../parts/visible.js";
import { confusion } from "./index.js";
import type { ClassReport, ErrorReport, LabelsReport, Mean, Report } from "./report.js";
import { confusionTable } from "./table.js";

interface Made {
  path: string;
  bytes: number;
  sha256: string;
  /** As scikit-learn prints it. */
  report: Record<string, Record<string, number>>;
  accuracy: number;
  matrix: number[][];
  mae: number;
  mse: number;
  median: number;
}

const NAMES = ["classes", "many", "sets", "values", "none"] as const;
const CELLS = NAMES.map((name, i) => sampleCell(`${i}`.repeat(16), { label: name }));

let temp: { folder: string; remove: () => void };
let store: Store;
let made: Record<string, Made>;
beforeAll(async () => {
  temp = disposableFolder();
  const [python = "python3", ...first] = (await findPython()).command;
  const program = fileURLToPath(new URL("fixtures/make.py", import.meta.url));
  made = JSON.parse((await execa(python, [...first, program, join(temp.folder, "runs")])).stdout);
  const claimed = claimedStore(temp.folder, CELLS);
  store = claimed.store;
  CELLS.forEach(({ id, label }, i) => {
    const file = made[label];
    const { path = "", bytes = 0, sha256 = "" } = file ?? {};
    const artifact = { ...say.artifact([id], 2, path), kind: "predictions", bytes, sha256 };
    ingest(store, claimed.attempts, [say.started([id], 1), ...(file ? [artifact] : []), say.finished([id], i + 3)]);
  });
});
afterAll(() => {
  store.close();
  temp.remove();
});

const rowOf = (name: string) => getRun(store, CELLS.find(({ label }) => label === name)?.id ?? "") as RunRow;
const load = (...names: string[]) => confusion.load(store, names.map(rowOf));
const report = <Kind extends Report>(name: string) => load(name)[0]?.data as Kind;
const text = (name: string, width = 80) => confusion.text(load(name), width);

function expectScores({ precision, recall, f1 }: Mean, of: Record<string, number> | undefined): void {
  expect(precision).toBeCloseTo(of?.precision ?? Number.NaN, 12);
  expect(recall).toBeCloseTo(of?.recall ?? Number.NaN, 12);
  expect(f1).toBeCloseTo(of?.["f1-score"] ?? Number.NaN, 12);
}

test.each(["classes", "many", "sets"])("%s: precision, recall and F1 are those of scikit-learn", (name) => {
  const { labels, macro, weighted, accuracy } = report<ClassReport | LabelsReport>(name);
  const known = made[name]?.report;
  expect(labels.length).toBeGreaterThan(2);
  for (const one of labels) {
    expectScores(one, known?.[one.label]);
    expect(one.support).toBe(known?.[one.label]?.support);
  }
  expectScores(macro, known?.["macro avg"]);
  expectScores(weighted, known?.["weighted avg"]);
  expect(accuracy).toBeCloseTo(made[name]?.accuracy ?? Number.NaN, 6);
  if (name === "sets") expectScores(report<LabelsReport>(name).micro, known?.["micro avg"]);
  else expect(report<ClassReport>(name).matrix).toEqual(made[name]?.matrix);
});

test("pairs of confused labels have all wrong rows, most first, and accuracies of parts make that of the whole", () => {
  const { confused, matrix, rows, accuracy, parts } = report<ClassReport>("classes");
  const right = matrix.reduce((total, row, i) => total + (row[i] ?? 0), 0);
  expect(confused.reduce((total, pair) => total + pair.rows, 0)).toBe(rows - right);
  expect(confused.map((pair) => pair.rows)).toEqual(confused.map((pair) => pair.rows).toSorted((a, b) => b - a));
  const { labels, scores } = parsePredictions(readFileSync(made.classes?.path ?? ""), "file");
  const [first] = confused;
  for (const row of first?.first ?? []) {
    const three = [...scores.subarray(3 * (row - 1), 3 * row)];
    expect(CLASSES[labels[row - 1] ?? -1]).toBe(first?.label);
    expect(CLASSES[three.indexOf(Math.max(...three))]).toBe(first?.predicted);
  }
  expect(parts.map(({ part }) => part)).toEqual(["m", "mm"]);
  expect(parts.reduce((total, part) => total + part.accuracy * part.rows, 0) / rows).toBeCloseTo(accuracy, 12);
});
const CLASSES = ["bug", "a question of a user who asks for very much", "日本"];

test("errors of a regression", () => {
  const { mae, mse, quantiles, largest } = report<ErrorReport>("values");
  expect(mae).toBeCloseTo(made.values?.mae ?? Number.NaN, 5);
  expect(mse).toBeCloseTo(made.values?.mse ?? Number.NaN, 5);
  expect(quantiles.find(({ share }) => share === 0.5)?.error).toBeCloseTo(made.values?.median ?? Number.NaN, 5);
  expect(Math.abs(largest[0]?.error ?? 0)).toBe(Math.max(...quantiles.map(({ error }) => Math.abs(error))));
});

test("text fits into its columns; a wide matrix becomes the list of pairs", () => {
  for (const name of NAMES.slice(0, 4))
    for (const line of text(name).split("\n")) expect(stringWidth(line), line).toBeLessThanOrEqual(80);
  expect(text("classes")).toMatch(/^label .* bug .*a question.*… .*日本$/m);
  expect(text("classes")).toMatch(/^accuracy mm +0\.\d{4} +67$/m);
  expect(text("many")).toContain("40 labels: too many for a matrix here");
  expect(text("many")).toMatch(/label \d+ predicted as label \d+ +\d+ \(\d+\.\d % of label \d+\)/);
  expect(text("sets")).toMatch(/^micro avg/m);
  expect(confusion.text(load("classes", "values"), 80)).toContain("classes\n\n200 evaluation rows");
});

test("pictures of every kind", async () => {
  for (const name of NAMES.slice(0, 4)) {
    const svg = (await confusion.svg?.(load(name))) ?? "";
    expect(svg).toContain("<svg");
    expect(svgToPng(svg).length).toBeGreaterThan(3000);
  }
});

test("tables and Vega-Lite of every kind", async () => {
  const { columns, rows } = confusionTable(load("classes"));
  expect(columns.slice(2).map(({ key }) => key)).toEqual(["true_label", ...CLASSES.map((name) => `predicted ${name}`)]);
  expect(rows.map((row) => row.slice(3))).toEqual(made.classes?.matrix);
  expect(confusionTable(load("sets")).columns.map(({ key }) => key)).toContain("f1");
  expect(confusionTable(load("values")).rows).toHaveLength(report<ErrorReport>("values").points.length);
  expect(() => confusionTable(load("classes", "values"))).toThrow("predict different things");
  for (const name of NAMES.slice(0, 4)) expectVegaLite((await confusion.vega?.(load(name))) ?? {});
});

describe("files", () => {
  test("a run without predictions says so", () => {
    expect(() => load("none")).toThrow(/\(none\) has no stored predictions/);
    const language = { ...rowOf("none"), score_name: "perplexity", head_parameters: 0 };
    expect(() => confusion.load(store, [language])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("a language model labels no rows") }),
    );
  });
  test("a damaged or missing file is an error that names it", () => {
    const path = made.classes?.path ?? "";
    const content = readFileSync(path);
    const parse = (bytes: Buffer) => () => parsePredictions(bytes, "p.safetensors");
    for (const cut of [0, 4, 8, 100, content.length - 1])
      expect(parse(content.subarray(0, cut))).toThrow(/stored predictions p\.safetensors cannot be read/);
    expect(parse(Buffer.from(content).fill(0xff, 0, 8))).toThrow("cannot be read");
    writeFileSync(path, content.subarray(0, 500));
    expect(() => load("classes")).toThrow(/it has 500 bytes that are not the \d+/);
    rmSync(path);
    expect(() => load("classes")).toThrow("it is gone");
    writeFileSync(path, content);
  });
});

test.each(["classes", "many", "sets", "values"])(
  "%s: no control character of a label reaches a terminal or a picture",
  async (name) => {
    const hostile = JSON.parse(JSON.stringify(load(name)), (key, value) =>
      typeof value === "string" && key !== "kind" ? `${value}${HOSTILE}` : value,
    );
    expect(visible(confusion.text(hostile, 80))).not.toMatch(CONTROLS);
    const svg = (await confusion.svg?.(hostile)) ?? "";
    expect(svg).not.toMatch(CONTROLS);
    expectVegaLite((await confusion.vega?.(hostile)) ?? {});
    expect(svgToPng(svg).subarray(1, 4).toString()).toBe("PNG");
  },
);

test.each([60, 80, 120])("no kind of report is wider than %i columns", (width) => {
  const kinds = NAMES.filter((name) => name !== "none");
  expect(kinds.map((name) => tooWide(text(name, width), width))).toEqual(kinds.map(() => []));
});
