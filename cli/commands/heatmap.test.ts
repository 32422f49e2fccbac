/** Runs heatmap and sweep like a user: real processes on a real database. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { claimAll, sampleCell, sampleEvents as say } from "../store/fixtures/sample.js";
import { openStore } from "../store/store.js";
import { ingest, registerExperiment } from "../store/write.js";

const CELLS = [0, 1, 2].flatMap((merges) =>
  [0, 1].map((injections) => ({
    ...sampleCell(`${merges}${injections}`.padEnd(16, "0"), { method: { name: "imlor2c", merges, injections } }),
    axes: { "method.merges": merges, "method.injections": injections },
  })),
);

let folder: string;
beforeAll(() => {
  folder = tempFolder();
  const store = openStore(join(folder, "lor2c.db"));
  registerExperiment(store, { name: "g", specFile: null, specText: "", cells: CELLS });
  const finished = CELLS.slice(0, 5);
  const events = finished.flatMap(({ id }, i) => [
    say.started([id]),
    { ...say.change([id], 2), epoch: i + 1 },
    say.finished([id], 3, (80 + i) / 100),
  ]);
  ingest(store, claimAll(store, finished), events, null);
  store.close();
});

async function lor2c(...args: string[]) {
  const command = [PROGRAM, ...args];
  const options = { cwd: folder, reject: false, env: { LOR2C_DB: "lor2c.db", FORCE_COLOR: "1" } } as const;
  const { stdout, stderr, exitCode } = await execa(process.execPath, command, options);
  return { stdout, stderr, exitCode };
}

test("text without a terminal has no colour, and is equal to the text in a file", async () => {
  const { stdout, exitCode } = await lor2c("heatmap");
  expect(exitCode).toBe(0);
  expect(stdout).not.toContain("\u001b");
  expect(stdout).toMatch(/^g: accuracy × 100 after the best epoch, one seed \(some-task, tiny, imlor2c\)/);
  expect(stdout).toMatch(/merges M +0 +1\n +0 +80\.00 +81\.00\n +1 +82\.00 +83\.00\n +2 +84\.00\* +·\n/);
  expect((await lor2c("heatmap", "g", "-o", "g.txt")).stderr).toBe(`wrote ${join(folder, "g.txt")}`);
  expect(readFileSync(join(folder, "g.txt"), "utf8")).toBe(`${stdout}\n`);
});

test("JSON, for programs", async () => {
  const { stdout } = await lor2c("heatmap", "1", "--json");
  const grid = JSON.parse(stdout);
  expect(grid).toMatchObject({ experiment: { id: 1, name: "g" }, score: { name: "accuracy", lower_is_better: false } });
  expect(grid.cells).toHaveLength(6);
  expect(grid.cells.at(-2)).toMatchObject({ row: 2, col: 0, mean: 0.84, n: 1, best: true, so_far: null });
  expect((await lor2c("heatmap", "--format", "json")).stdout).toBe(stdout);
});

test("pictures: the format of the file's ending, or to a pipe", async () => {
  for (const name of ["g.svg", "g.PNG"]) {
    expect((await lor2c("heatmap", "-o", name)).stderr).toBe(`wrote ${join(folder, name)}`);
  }
  const svg = readFileSync(join(folder, "g.svg"), "utf8");
  expect(svg).toMatch(/^<svg xmlns/);
  expect((await lor2c("heatmap", "--format", "svg")).stdout).toBe(svg.trimEnd());
  expect(readFileSync(join(folder, "g.PNG")).subarray(1, 4).toString()).toBe("PNG");
});

describe("a grid that cannot be drawn exits with 2 and says what to do", () => {
  test.each([
    [["heatmap", "nope"], /there is no experiment nope\n {2}the newest are: g/],
    [["heatmap", "--rows", "rank"], /there is no experiment with these axes/],
    [["heatmap", "g", "--metric", "f1"], /the evaluations of g have no f1/],
    [["heatmap", "--where", "merges=9"], /no run has method.merges=9\n {2}its values: 0, 1, 2/],
    [["heatmap", "--json", "--show", "n"], /json has scores, spread, number and parameters.*leave --show out/],
    [["heatmap", "--format", "jpg"], /Choices: "text", "svg", "png", "json"/],
    [["heatmap", "--json", "--format", "svg"], /json and format are mutually exclusive/],
    [["heatmap", "-o", "no/such/g.svg"], /there is no folder .*\/no\n {2}make it first/],
    [["heatmap", "-o", "new/g.svg"], /there is no folder .*\/new\n {2}make it first/],
    [
      ["heatmap", "-o", "g.pdf"],
      /the ending of g.pdf does not name a format\n {2}.txt, .svg, .png, .json, .csv, .parquet, .tex, .md, .vl.json, or --format/,
    ],
    [["heatmap", "-o", ".", "--format", "svg"], /cannot write .*: it is a folder\n {2}name another file/],
    [["heatmap", "-o", "lor2c.db/g.svg"], /lor2c.db is a file, not a folder/],
    [["heatmap", "--db", "none.db"], /there is no database/],
    [["sweep", "one.yaml"], /one.yaml has only one run\n {2}name axes, e.g. --merges 0..6/],
    [["sweep", "one.yaml", "--merges", "0..2"], /`merges` is a parameter of .*imlor2c/],
    [["sweep", "one.yaml", "--grid", "train.batch_size=8,x"], /train.batch_size: expected a whole number/],
  ] as [string[], RegExp][])("%j", async (args, message) => {
    writeFileSync(join(folder, "one.yaml"), "model: minilm\ntask: movie-reviews\nmethod: lor2c\n");
    const { stderr, stdout, exitCode } = await lor2c(...args);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
