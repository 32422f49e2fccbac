/** `lor2c run` and `lor2c watch` as users have them: the built program in real terminals, with a worker that pretends to train. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import stringWidth from "string-width";
import { afterAll, describe, expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { listRuns, tags } from "../store/read.js";
import { openStore, type Store } from "../store/store.js";
import { fixture } from "../worker/fixture-worker.js";
import { hasTmux, Tmux } from "./fixtures/tmux.js";

const SHELL = { alternate: false, cursor: true, wrap: true };

describe.skipIf(!hasTmux)("in terminals (of tmux)", () => {
  const folder = tempFolder("lor2c-run-and-watch");
  const db = join(folder, "lor2c.db");
  writeFileSync(
    join(folder, "grid.yaml"),
    "name: seven\nmodel: minilm\ntask: movie-reviews\nmethod: {name: imlor2c, rank: 4}\njobs: 2\ntrain: {logging_steps: 1}\n" +
      "sweep: {grid: {method.merges: 0..6, method.injections: 0..6}}\n",
  );
  const job = new Tmux(tempFolder("lor2c-job"), 120, 40);
  const other = new Tmux(tempFolder("lor2c-other"), 80, 24);
  afterAll(() => {
    job.close();
    other.close();
  });
  const lor2c = (words: string) => `${process.execPath} ${PROGRAM} ${words} --db ${db}`;
  const slow = `FIXTURE_STEPS=200 FIXTURE_STEP_SECONDS=0.02 LOR2C_PYTHON=${fixture("good.py")}`;
  const reading = <T>(read: (store: Store) => T): T => {
    const store = openStore(db, { readonly: true });
    try {
      return read(store);
    } finally {
      store.close();
    }
  };
  const finished = () => reading((store) => listRuns(store).filter(({ state }) => state === "finished").length);

  test("run shows the grid, the runs and the log, writes little, and follows keys and sizes", async () => {
    job.line("echo before the job");
    job.line(`${slow} ${lor2c(`run ${join(folder, "grid.yaml")}`)}`);
    await job.shows(/seven .*\d+\/49 runs[\s\S]*1 Grid[\s\S]*Runs \d+\/49[\s\S]*✓[\s\S]*Log/);
    const before = statSync(job.stream).size;
    const since = performance.now();
    await sleep(2000);
    await job.shows(() => statSync(job.stream).size > before);
    const bytes = statSync(job.stream).size - before;
    expect(bytes / ((performance.now() - since) / 1000)).toBeLessThan(20_000);

    job.keys("3", "/");
    job.keys("-l", "merges=3");
    job.keys("Enter");
    await job.shows(/Runs \d+\/7 · \/merges=3 \(7\)/);
    job.keys("?");
    await job.shows(/filter: words[\s\S]*pin it/);
    job.keys("Escape");
    for (const [columns, rows] of [
      [60, 20],
      [80, 24],
      [120, 40],
    ] as const) {
      job.resize(columns, rows);
      const text = await job.shows((shown) => shown.split("\n").length === rows && shown.includes("merges=3 (7)"));
      for (const line of text.split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  test("watch in another terminal shows the same job; its keys tag and stop a run", async () => {
    other.line(lor2c("watch"));
    await other.shows(/seven .*\d+\/49 runs[\s\S]*1 Grid/);
    other.keys("3", "/");
    other.keys("-l", "state = running");
    other.keys("Enter");
    await other.shows(/\/state = running/);
    other.keys("End"); // a run that begins last does not end before it is stopped
    other.keys("t");
    other.keys("-l", "mine");
    other.keys("Enter");
    await other.shows("tagged mine");
    expect(reading(tags)).toMatchObject([{ tag: "mine", runs: 1 }]);
    other.keys("s");
    await other.shows(/stop .* after the step\?/);
    other.keys("y");
    await other.shows(/asked process \d+ .*to stop 1 run/);
    other.keys("q");
    await other.shows((text) => text.endsWith("sh>"));
    expect(other.modes()).toEqual(SHELL);
  });

  test("q leaves the screen of run, and the training goes on in lines; Ctrl-C then stops it", async () => {
    job.keys("q");
    await job.shows("the screen is left, and training goes on");
    expect(job.modes()).toEqual(SHELL);
    expect(job.text()).toContain("before the job");
    const before = finished();
    await job.shows(() => finished() > before);
    job.keys("C-c");
    await job.shows((shown) => /stored in .*lor2c\.db/.test(shown) && shown.endsWith("sh>"));
    expect(job.text({ all: true })).toContain("seven: interrupted; 49 runs");
    const written = readFileSync(job.stream, "latin1");
    for (const clear of ["\u001b[2J", "\u001b[3J"]) expect(written).not.toContain(clear);
  });

  test("the same command goes on, Ctrl-C on its screen leaves the summary in the shell; in the background it prints lines", async () => {
    job.run(`${slow} ${lor2c(`run ${join(folder, "grid.yaml")}`)}`);
    await job.shows(/1 Grid/);
    job.keys("C-c");
    await job.shows((shown) => /stored in .*lor2c\.db/.test(shown) && shown.endsWith("sh>"));
    expect(job.modes()).toEqual(SHELL);
    job.run(`LOR2C_PYTHON=${fixture("good.py")} ${lor2c(`run ${join(folder, "grid.yaml")}`)} &`);
    await job.shows(/seven: 49 runs, .*finished already/);
    expect(job.modes()).toEqual(SHELL);
    // The summary of the stopped job may still be on the screen.
    const finished = () => reading((store) => listRuns(store).every(({ state }) => state === "finished"));
    await expect.poll(finished, { timeout: 30_000 }).toBe(true);
    await job.shows(/stored in .*lor2c\.db/);
  });
});
