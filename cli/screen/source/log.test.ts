import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { disposableFolder } from "../../store/fixtures/sample.js";
import { type LoggedRun, LogTail, withLogs } from "./log.js";

let temp: { folder: string; remove: () => void };
beforeEach(() => {
  temp = disposableFolder();
});
afterEach(() => temp.remove());

const logged = (run: string, changes: Partial<LoggedRun> = {}): LoggedRun => ({
  ...{ run, label: `label ${run}`, folder: () => join(temp.folder, run), running: true, at: "2030", ...changes },
});
const line = (second: number, fields: object) =>
  `${JSON.stringify({ run: "x", level: "info", time: `2030-01-01T00:00:0${second}.000Z`, ...fields })}\n`;
const CHANGE = { kind: "merge", epoch: 1, span_start: 2, span_end: 3, trainable_parameters: 900, msg: "change" };

test("the ends of the logs in words, by time, each line once; what is added later too, also in the middle of a line", () => {
  for (const run of ["a", "b"]) {
    mkdirSync(join(temp.folder, run));
    const beginning = "x".repeat(40_000); // of a long file, which is not read
    writeFileSync(
      join(temp.folder, run, "run.log"),
      `${beginning}${line(0, { msg: "in the line of the x" })}${line(2, { together: 2, ...CHANGE })}{"half":`,
    );
  }
  const runs = [logged("a"), logged("b")];
  const tail = new LogTail();
  expect(tail.read(runs)).toMatchObject([
    { runs: ["a", "b"], label: "2 runs", level: "info", text: "epoch 1: merge layers 2 to 3, 900 trainable" },
  ]);
  const failed = line(1, { level: "error", msg: "failed", error_type: "E", message: "no é" });
  const [first, rest] = [Buffer.from(failed).subarray(0, -10), Buffer.from(failed).subarray(-10)];
  appendFileSync(join(temp.folder, "b", "run.log"), `1}\n`);
  appendFileSync(join(temp.folder, "b", "run.log"), first);
  const before = tail.read(runs);
  expect(before).toHaveLength(1);
  expect(tail.read(runs)).toBe(before);
  appendFileSync(join(temp.folder, "b", "run.log"), rest);
  expect(tail.read(runs)).toMatchObject([
    { runs: ["b"], label: "label b", level: "error", text: "failed: E: no é" },
    { label: "2 runs" },
  ]);
  expect(tail.read([logged("a")])).toMatchObject([{ label: "2 runs" }]);
});

test("what a library writes to stderr has no colours, and of a progress bar only its last state", () => {
  mkdirSync(join(temp.folder, "a"));
  writeFileSync(join(temp.folder, "a", "worker.log"), "10%\r\u001b[31m20%\u001b[0m\n\n");
  expect(new LogTail().read([logged("a", { running: false })])).toMatchObject([
    { runs: ["a"], label: "label a", level: "info", text: "20%" },
  ]);
});

test("what all runs of a worker say at once is one line, also where the clock went on; what a run repeats is not", () => {
  const runs = ["a", "b", "c"].map((run) => logged(run));
  for (const [at, { run }] of runs.entries()) {
    mkdirSync(join(temp.folder, run), { recursive: true });
    writeFileSync(join(temp.folder, run, "run.log"), line(1 + at, { msg: "worker is idle" }));
    writeFileSync(join(temp.folder, run, "worker.log"), run === "c" ? "" : "again\nagain\n");
  }
  const lines = new LogTail().read(runs);
  expect(lines.filter(({ text }) => text === "worker is idle")).toMatchObject([
    { runs: ["a", "b", "c"], label: "3 runs" },
  ]);
  expect(lines.filter(({ text }) => text === "again")).toMatchObject([{ label: "2 runs" }, { label: "2 runs" }]);
});

test("no log, a folder elsewhere, and lines that are none of ours are left out", () => {
  mkdirSync(join(temp.folder, "a", "worker.log"), { recursive: true });
  writeFileSync(join(temp.folder, "a", "run.log"), `null\n[1]\n{}\nx\n${line(1, { msg: "artifact" })}`);
  const outside = () => {
    throw new Error("outside");
  };
  expect(new LogTail().read([logged("a"), logged("b"), logged("c", { folder: outside })])).toEqual([]);
});

test("runs in training come first, then those that ended last", () => {
  const many = Array.from({ length: 60 }, (_, at) => logged(`${at}`, { running: at === 3, at: `20${10 + at}` }));
  expect(
    withLogs(many)
      .map(({ run }) => run)
      .slice(0, 3),
  ).toEqual(["3", "59", "58"]);
  expect(withLogs(many)).toHaveLength(40);
});
