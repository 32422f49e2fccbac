import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UsageError } from "../errors.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { findRun, runStates } from "./read.js";
import { openStore, type Store } from "./store.js";
import { endAttempt, ingest, registerExperiment } from "./write.js";

const id = (start: string): string => start.padEnd(16, "0");
const GOOD = sampleCell(id("aaaa1"));
const BETTER = sampleCell(id("aaaa2"), { seed: 2 });
const FAILED = sampleCell(id("bbbb"), { method: { name: "other" } });
const ELSEWHERE = sampleCell(id("cccc"), { task: "other-task" });
const PLANNED = sampleCell(id("dddd"));

let temp: { folder: string; remove: () => void };
let store: Store;
beforeAll(async () => {
  temp = disposableFolder();
  store = openStore(join(temp.folder, "lor2c.db"));
  registerExperiment(store, {
    name: "x",
    specFile: null,
    specText: "",
    cells: [GOOD, BETTER, FAILED, ELSEWHERE, PLANNED],
  });
  const finish = async (cell: typeof GOOD, best: number, loss: number) => {
    await new Promise((wait) => setTimeout(wait, 3)); // so that the times differ: they are stored in milliseconds
    const values = { accuracy: best, loss };
    ingest(store, claimAll(store, [cell]), [
      say.metrics([cell.id], 1, 94, values, "eval"),
      say.finished([cell.id], 2, best),
    ]);
  };
  await finish(ELSEWHERE, 0.99, 0.01);
  await finish(BETTER, 0.9, 0.5);
  await finish(GOOD, 0.8, 0.3);
  endAttempt(store, claimAll(store, [FAILED]).get(FAILED.id) as number, "failed", { message: "no" });
});
afterAll(() => {
  store.close();
  temp.remove();
});

test.each([
  [GOOD.id, GOOD.id],
  ["bbbb", FAILED.id],
  ["AAAA1", GOOD.id],
  ["@last", FAILED.id],
  ["@failed", FAILED.id],
  ["@best", BETTER.id],
  ["@best:accuracy", BETTER.id],
  ["@best:loss", GOOD.id],
])("%s", (selector, expected) => {
  expect(findRun(store, selector).id).toBe(expected);
});

test.each([
  ["aaa", /too short.*/, "give at least 4"],
  ["eeee", /no run eeee/, "lor2c ls"],
  ["mylabel", /is not a run/, "@best:<metric>"],
  ["@newest", /is not a selector/, "@last"],
  ["@best:f1", /no finished run of some-task on the rows of the newest one has f1/, "it has: accuracy, loss"],
])("the error for %s says what to do", (selector, message, hint) => {
  const error = (() => {
    try {
      findRun(store, selector);
    } catch (caught) {
      return caught as UsageError;
    }
  })();
  expect(error).toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(message),
    hint: expect.stringContaining(hint),
  });
});

test("only an id names a run; a part of a label lists the runs that have it", () => {
  expect(() => findRun(store, "Cell B")).toThrow(
    `Cell B is not a run; these have it in their label:\n    ${FAILED.id}  failed  ${FAILED.label}`,
  );
});

test("an ambiguous prefix lists the candidates", () => {
  expect(() => findRun(store, "aaaa")).toThrow(
    "aaaa means more than one run:\n    aaaa100000000000  finished  cell aaaa\n    aaaa200000000000  finished  cell aaaa",
  );
});

test("runStates returns the states of many runs at once", () => {
  expect(runStates(store, [GOOD.id, PLANNED.id, id("ffff")])).toEqual(
    new Map([
      [GOOD.id, "finished"],
      [PLANNED.id, "planned"],
    ]),
  );
});

describe("@best compares runs on the same rows only: those of the newest finished run", () => {
  const [OLD, NEW] = [sampleCell(id("eee1"), { seed: 5 }), sampleCell(id("eee2"), { seed: 6 })];
  test.each([
    ["number of evaluation rows", "UPDATE attempts SET eval_rows = 10 WHERE run = @old"],
    ["number of training rows", "UPDATE attempts SET train_rows = 10 WHERE run = @old"],
    ["numerics", "UPDATE attempts SET numerics = 9 WHERE run = @old"],
    ["content of the rows", "UPDATE run_fingerprints SET value = 'other' WHERE run = @old AND name = 'data'"],
    [
      "model, of a loss per token",
      "UPDATE runs SET model = id; UPDATE attempts SET score_name = 'loss', best_score = -best_score",
    ],
    ["table", "UPDATE runs SET task = 'classify', settings = json_set(settings, '$.data.path', id <> @old)"],
  ])("another %s", (_, change) => {
    const own = disposableFolder();
    const elsewhere = openStore(join(own.folder, "lor2c.db"));
    try {
      registerExperiment(elsewhere, { name: "x", specFile: null, specText: "", cells: [OLD, NEW] });
      for (const [cell, best] of [
        [OLD, 0.9],
        [NEW, 0.8],
      ] as const) {
        const evaluated = say.metrics([cell.id], 1, 94, { accuracy: best }, "eval");
        ingest(elsewhere, claimAll(elsewhere, [cell]), [evaluated, say.finished([cell.id], 2, best)]);
        elsewhere.db
          .prepare("UPDATE attempts SET started_at = ? WHERE run = ?")
          .run(`2024-01-0${cell.settings.seed}`, cell.id);
      }
      expect(findRun(elsewhere, "@best").id).toBe(OLD.id);
      for (const sql of change.split("; ")) elsewhere.db.prepare(sql).run({ old: OLD.id });
      expect(findRun(elsewhere, "@best").id).toBe(NEW.id);
      expect(findRun(elsewhere, "@best:accuracy").id).toBe(NEW.id);
    } finally {
      elsewhere.close();
      own.remove();
    }
  });
});
