/** Thousands of runs in one bundle: the output about them grows with the runs and not with the events. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { RUN_LOG } from "../attempt-files.js";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { getAttempts } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture } from "../worker/fixture-worker.js";

const SIDE = { merges: 40, injections: 50 };
const RUNS = SIDE.merges * SIDE.injections;

interface Line {
  type: string;
  lane: number;
  runs: string[];
  state: string;
  event: { type: string; cells?: unknown };
}

test("2,000 runs with 256 descriptors; --json names the runs of a lane once", { timeout: 300_000 }, async () => {
  const folder = tempFolder();
  const file = join(folder, "spec.yaml");
  const dbPath = join(folder, "lor2c.db");
  const grid = `{method.merges: 0..${SIDE.merges - 1}, method.injections: 0..${SIDE.injections - 1}}`;
  writeFileSync(file, `model: minilm\ntask: movie-reviews\nmethod: imlor2c\njobs: 1\nsweep: {grid: ${grid}}\n`);
  const env = {
    ...process.env,
    LOR2C_PYTHON: fixture("many.py"),
    FIXTURE_SECONDS: "4",
    FIXTURE_LANES: "2",
    FIXTURE_METRICS_EVERY: "1",
  };
  const command = `ulimit -n 256; exec "${process.execPath}" "${PROGRAM}" run "${file}" --db "${dbPath}" --json`;
  const { stdout } = await promisify(execFile)("sh", ["-c", command], { env, maxBuffer: 1 << 30 });
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

  const lanes = lines.filter(({ type }) => type === "lane");
  expect(lanes.slice(0, 3).map(({ runs }) => runs.length)).toEqual([RUNS, RUNS / 2, RUNS / 2]);
  expect(lanes).toHaveLength(3 + RUNS); // each run ends with its own score
  const events = lines.filter(({ type }) => type === "event");
  expect(events.filter(({ event }) => event.type === "progress").length).toBeLessThan(2 * 16 + 1);
  expect(events.filter(({ event }) => "cells" in event)).toEqual([]);
  expect(lines.filter(({ type, state }) => type === "state" && state === "running")).toMatchObject([
    { runs: { length: RUNS } },
  ]);

  const summary = lines.at(-1) as unknown as { outcome: string; cells: { id: string }[] };
  expect(summary.outcome).toBe("finished");
  const store = openStore(dbPath, { readonly: true });
  const [attempt] = getAttempts(store, summary.cells.at(-1)?.id ?? "");
  store.close();
  const log = readFileSync(join(attempt?.folder ?? "", RUN_LOG), "utf8")
    .trim()
    .split("\n");
  expect(log.map((line) => JSON.parse(line).msg)).toEqual(["claimed", "worker ready", "started", "finished"]);
  expect(JSON.parse(log[2] ?? "")).toMatchObject({ run: summary.cells.at(-1)?.id, attempt: 1, together: RUNS });
});
