/** While a job trains, another program locks, deletes, replaces or changes its database. */

import { readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { type SecondProcess, startChild } from "../store/fixtures/second-process.js";
import { getMetrics, listRuns } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture } from "../worker/fixture-worker.js";
import { silent } from "./fixtures/reporter.js";
import { Interrupts } from "./interrupt.js";
import type { Reporter } from "./reporter.js";
import { runExperiment } from "./run.js";
import { specSource } from "./source.js";

let folder: string;
let dbPath: string;
let holders: SecondProcess[];
beforeEach(() => {
  folder = tempFolder();
  dbPath = join(folder, "lor2c.db");
  writeFileSync(join(folder, "spec.yaml"), "name: s\nmodel: minilm\ntask: movie-reviews\nmethod: lora\n");
  holders = [];
});
afterEach(async () => {
  await Promise.all(holders.map((holder) => holder.kill()));
});

/** Another program that locks the database until it is killed. */
async function hold(): Promise<SecondProcess> {
  const holder = startChild(["hold", dbPath]);
  holders.push(holder);
  await holder.said;
  return holder;
}

const messages: string[] = [];
beforeEach(() => messages.splice(0));

/** A job of one slow run; `onMetrics` is called once, at its first step. */
function job(onMetrics: () => void, steps = 40, interrupts = new Interrupts()) {
  let begun = false;
  const look: Partial<Reporter> = {
    event(_, event) {
      if (event.type !== "metrics" || begun) return;
      begun = true;
      onMetrics();
    },
    message: (_, text) => void messages.push(text),
  };
  const env = { FIXTURE_STEPS: String(steps), FIXTURE_STEP_SECONDS: "0.1" };
  const worker = { commandOverride: [fixture("good.py")], env };
  const spec = { source: specSource(join(folder, "spec.yaml")), dbPath, worker, interrupts };
  return runExperiment({ ...spec, reporter: silent(look) }).finally(() => interrupts.dispose());
}

const LOCKED = [
  "another program has locked the database: training continues, and its events wait",
  "the database is free again: the waiting events are stored now",
];

test("locked by another program: training continues, everything is stored, and the user is told once", async () => {
  let released: Promise<void> | undefined;
  const summary = await job(() => {
    released = hold().then(async (holder) => {
      await untilFile(join(folder, "runs", ".waiting"));
      while (messages.length === 0) await sleep(50);
      await holder.kill();
    });
  });
  await released;
  expect(summary.outcome).toBe("finished");
  expect(messages).toEqual(LOCKED);
  const store = openStore(dbPath, { readonly: true });
  const run = listRuns(store)[0];
  const losses = getMetrics(store, run?.attempt_id ?? 0, { split: "train", name: "loss" });
  expect(losses.map(({ step }) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  expect(readdirSync(join(folder, "runs", ".waiting"))).toEqual([]);
  store.close();
}, 60_000);

test("locked before the start: the job waits, and Ctrl-C ends the wait", async () => {
  openStore(dbPath).close();
  const holder = await hold();
  const ended = job(() => {}, 2);
  while (messages.length === 0) await sleep(50);
  await holder.kill();
  expect((await ended).outcome).toBe("finished");
  expect(messages).toEqual(LOCKED);
  await hold();
  messages.splice(0);
  const interrupts = new Interrupts();
  writeFileSync(join(folder, "spec.yaml"), "name: s\nmodel: minilm\ntask: movie-reviews\nmethod: lora\nseed: 2\n");
  const waiting = job(() => {}, 2, interrupts);
  waiting.catch(() => {});
  while (messages.length === 0) await sleep(50);
  interrupts.interrupt();
  await expect(waiting).rejects.toMatchObject({ code: "INTERRUPTED", exitCode: 130 });
}, 60_000);

test("still locked when the user kills the job: the events wait for the next lor2c", async () => {
  const interrupts = new Interrupts();
  let holding: Promise<unknown> | undefined;
  const ended = job(
    () => {
      holding = hold().then(async () => {
        await untilFile(join(folder, "runs", ".waiting"));
        interrupts.interrupt();
        interrupts.interrupt();
      });
    },
    10_000,
    interrupts,
  );
  const summary = await ended;
  await holding;
  expect(summary.outcome).toBe("interrupted");
  expect(messages.at(-1)).toMatch(/^\d+ events wait in .*ndjson: the next lor2c stores them$/);
  await holders[0]?.kill();
}, 60_000);

test.each([
  ["deleted", () => rmSync(dbPath)],
  [
    "replaced by another file",
    () => {
      const other = new Database(`${dbPath}.other`);
      other.exec("CREATE TABLE other (x)");
      other.close();
      renameSync(`${dbPath}.other`, dbPath);
    },
  ],
])(
  "%s while it trains: the job ends, and what it had stored is beside it",
  async (what, harm) => {
    await expect(job(harm, 10_000)).rejects.toMatchObject({
      code: "DATABASE_REPLACED",
      exitCode: 1,
      message: expect.stringMatching(`lor2c.db was ${what} while this job ran: everything that it had stored is in `),
    });
    expect(messages).toEqual(["stopping after the current step: the database cannot be used; Ctrl-C ends it at once"]);
    const saved = readdirSync(folder).filter((name) => /^lor2c\.db\.rescued-\d{8}T\d{6}Z$/.test(name));
    expect(saved).toHaveLength(1);
    const store = openStore(join(folder, saved[0] ?? ""), { readonly: true });
    const [run] = listRuns(store);
    expect(run?.state).toBe("stopped");
    expect(getMetrics(store, run?.attempt_id ?? 0).length).toBeGreaterThan(0);
    store.close();
  },
  60_000,
);

test("deleted at the very end: the job notices that too", async () => {
  await expect(job(() => rmSync(dbPath), 1)).rejects.toMatchObject({ code: "DATABASE_REPLACED" });
}, 60_000);

test("the row of its run is deleted: the job ends with an error, not with a summary of nothing", async () => {
  const harm = () => {
    const other = new Database(dbPath);
    other.pragma("foreign_keys = ON");
    other.exec("DELETE FROM runs");
    other.close();
  };
  await expect(job(harm, 10_000)).rejects.toMatchObject({ code: "ATTEMPT_GONE", exitCode: 1 });
}, 60_000);

test("its log is truncated: the job ends with an error, not with a summary of nothing", async () => {
  const error = await job(() => truncateSync(`${dbPath}-wal`), 10_000).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ exitCode: 1, code: expect.stringMatching(/^DATABASE_(REPLACED|CORRUPT)$/) });
}, 60_000);

async function untilFile(place: string): Promise<void> {
  for (;;) {
    try {
      if (readdirSync(place).length > 0) return;
    } catch {
      // not yet
    }
    await sleep(50);
  }
}
