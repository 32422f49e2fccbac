/** What happens to the rest of a sweep when runs fail. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { RUN_LOG } from "../attempt-files.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { fixture } from "../worker/fixture-worker.js";
import { silent } from "./fixtures/reporter.js";
import { runExperiment } from "./run.js";
import { specSource } from "./source.js";

async function run(grid: string, env: Record<string, string>, more = "") {
  const folder = tempFolder();
  const file = join(folder, "spec.yaml");
  writeFileSync(file, `model: minilm\ntask: movie-reviews\nmethod: imlor2c\njobs: 1\n${more}sweep: {grid: ${grid}}\n`);
  const worker = { commandOverride: [fixture("good.py")], env };
  const dbPath = join(folder, "lor2c.db");
  const messages: string[] = [];
  const reporter = silent({ message: (level, text) => void messages.push(`${level}: ${text}`) });
  const summary = await runExperiment({ source: specSource(file), dbPath, worker, reporter });
  return { ...summary, messages, states: summary.cells.map(({ state }) => state) };
}

test("on_error: {max: 2} starts nothing after the second failure", async () => {
  const { states, notes } = await run("{seed: 1..5}", { FIXTURE_FAIL: "1,2,3,4,5" }, "on_error: {max: 2}\n");
  expect(states).toEqual(["failed", "failed", "skipped", "skipped", "skipped"]);
  expect(notes).toContain("3 runs not started: on_error: 2 runs failed");
});

test("runs that are certain to fail, because three like them did, are not started, and the reason is given once", async () => {
  const all = { FIXTURE_FAIL_EARLY: "1,2,3,4,5,6" };
  const { states, notes } = await run("{seed: 1..6, method.merges: 0..1}", all);
  expect(states).toEqual([...Array(6).fill("failed"), ...Array(6).fill("skipped")]);
  expect(notes.filter((note) => note.includes("not started"))).toEqual([
    "6 runs not started: 3 workers in a row failed on such runs before their first step: ValueError: no room for layer " +
      "3 of 12; after a fix, the same command trains them",
  ]);
  const alone = "train: {bundle: schedules}\nseed: 1\n";
  const alphas = await run("{method.alpha: [4, 8, 16, 32]}", { FIXTURE_FAIL_EARLY: "1" }, alone);
  expect(alphas.states).toEqual(["failed", "failed", "failed", "skipped"]);
});

test("failures in training, or with other settings, make no failure certain", async () => {
  const inTraining = await run("{seed: 1..5}", { FIXTURE_FAIL: "1,2,3,4,5" });
  expect(inTraining.states).toEqual(Array(5).fill("failed"));
  const diverging = await run("{seed: 1..5}", { FIXTURE_DIVERGE: "1,2,3,4" });
  expect(diverging.states).toEqual([...Array(4).fill("failed"), "finished"]);
  const ranks = await run("{method.rank: [2, 3, 4, 5, 6]}", { FIXTURE_FAIL_EARLY: "1" }, "seed: 1\n");
  expect(ranks.states).toEqual(Array(5).fill("failed"));
  const oneTrains = await run("{seed: 1..6}", { FIXTURE_FAIL_EARLY: "1,2,4,5,6" });
  expect(oneTrains.states).toEqual(["failed", "failed", "finished", "failed", "failed", "failed"]);
});

test.each([
  [{ FIXTURE_AFTERWORD: "1" }, "the worker sent metrics (event 19) after the outcome of cell "],
  [{ FIXTURE_OTHER_DONE: "1" }, 'the worker sent done for request "nobody\'s", but it was asked '],
])("a worker that fails when its runs have their outcomes changes none, and is told of: %o", async (env, reason) => {
  const { cells, dbPath, messages, outcome, states } = await run("{seed: [1]}", env);
  expect({ outcome, states }).toEqual({ outcome: "finished", states: ["finished"] });
  expect(messages).toEqual([expect.stringContaining(`failed after the outcome of its runs: ${reason}`)]);
  expect(messages[0]).toMatch(/^warn: the worker of /);
  const log = readFileSync(join(dirname(dbPath), "runs", cells[0]?.id ?? "", "attempt-1", RUN_LOG), "utf8");
  expect(
    log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .at(-1),
  ).toMatchObject({
    level: "warn",
    error_type: "ProtocolError",
    msg: expect.stringContaining(reason),
  });
});

test.each([
  ["outside the results", "/etc", "names /etc, which is not in"],
  ["that is empty", "", "names , which is not in"],
  ["with a NUL", "/etc\0", "which is not in"],
  ["that is too long", `/${"x".repeat(5000)}`, "ENAMETOOLONG"],
])("an adapter with a path %s costs the run whose worker says so, and no other", async (_, path, reason) => {
  const env = { FIXTURE_ELSEWHERE: "2", FIXTURE_ARTIFACT: JSON.stringify(path) };
  const { cells, outcome, states } = await run("{seed: 1..3}", env);
  expect({ outcome, states }).toEqual({ outcome: "failed", states: ["finished", "lost", "finished"] });
  expect(cells[1]?.error).toMatchObject({ type: "ProtocolError", message: expect.stringContaining(reason) });
});
