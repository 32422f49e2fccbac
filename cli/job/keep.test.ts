/** `keep` of a spec through whole jobs, with a pretend worker. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { findSubject } from "../evaluate/subject.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { adapterFolder } from "../predict/adapter-folder.js";
import { withStartFolders } from "../predict/start-folders.js";
import { evaluationsOf, getArtifacts, getAttempts, listRuns } from "../store/read.js";
import { openStore } from "../store/store.js";
import { runSummary } from "../views/run-summary.js";
import { fixture } from "../worker/fixture-worker.js";
import { retrySource } from "./retry-source.js";
import { type RunOptions, runExperiment } from "./run.js";
import { specSource } from "./source.js";

let folder: string;
let file: string;
let dbPath: string;
beforeEach(() => {
  folder = tempFolder();
  file = join(folder, "spec.yaml");
  dbPath = join(folder, "lor2c.db");
  writeFileSync(file, "name: three\nmodel: minilm\ntask: alpaca\nmethod: lora\nsweep: {grid: {seed: 1..3}}\n");
});

const silent = { begin() {}, lane() {}, event() {}, states() {}, message() {}, end: async () => {} };

async function run(sets: string[], options: Partial<RunOptions> = {}, env: Record<string, string> = {}) {
  const worker = { commandOverride: [fixture("good.py")], env };
  return await runExperiment({ source: specSource(file, sets), dbPath, reporter: silent, worker, ...options });
}

/** By seed: whether the adapter of the current attempt is on the disk, and called deleted. */
function adapters(): { seed: number; id: string; there: boolean; deleted: boolean; evaluations: number }[] {
  const store = openStore(dbPath, { readonly: true });
  try {
    return listRuns(store)
      .filter(({ state }) => state === "finished")
      .map(({ id, seed, attempt_id }) => {
        const [adapter] = getArtifacts(store, attempt_id ?? 0);
        const evaluations = evaluationsOf(store, id).filter(({ state }) => state === "finished").length;
        return { seed, id, there: existsSync(adapter?.path ?? ""), deleted: adapter?.deleted_at !== null, evaluations };
      })
      .sort((a, b) => a.seed - b.seed);
  } finally {
    store.close();
  }
}
const left = () => adapters().flatMap(({ seed, there, deleted }) => (there && !deleted ? [seed] : []));

test("none: each goes once it is checked; whoever needs one says so, and --force with all brings it back", async () => {
  const summary = await run(["keep.adapters=none"]);
  expect(summary.outcome).toBe("finished");
  expect(summary.notes).toContain("keep.adapters: none: 3 adapters were deleted");
  expect(adapters().map(({ there, deleted }) => [there, deleted])).toEqual([
    [false, true],
    [false, true],
    [false, true],
  ]);
  const id = adapters()[0]?.id ?? "";
  const refused = expect.objectContaining({
    code: "ADAPTER_NOT_KEPT",
    message: expect.stringContaining(`the adapter of run ${id} was not kept (keep.adapters: none)`),
    hint: expect.stringContaining("--set keep.adapters=all --force"),
  });
  expect(() => adapterFolder(dbPath, id)).toThrow(refused);
  expect(() => findSubject(dbPath, id)).toThrow(refused);
  const later = specSource(file, [`train.start_from=${id}`]).cells;
  expect(() => withStartFolders(later, dbPath)).toThrow("train.start_from: the adapter of run");
  const store = openStore(dbPath, { readonly: true });
  const shown = runSummary.load(store, [listRuns(store).find((row) => row.id === id) as never]);
  expect(runSummary.text(shown, 80)).toMatch(/adapter +not kept \(keep\.adapters: none\)/);
  store.close();

  await run([]);
  expect(left()).toEqual([]); // nothing to train
  await run(["keep.adapters=all"], { force: true });
  expect(left()).toEqual([1, 2, 3]);
  expect(existsSync(adapterFolder(dbPath, id).folder)).toBe(true);
  await run(["keep.adapters=none"]);
  expect(left()).toEqual([1, 2, 3]); // they were trained to be kept
});

test("best: after each job, also one that fails in part, the best of the experiment so far", async () => {
  const failed = await run(["keep.adapters=best"], {}, { FIXTURE_FAIL: "3" });
  expect([failed.outcome, left()]).toEqual(["failed", [2]]);
  await run(["keep.adapters=best"]);
  expect(left()).toEqual([3]);
});

test("what a job with evaluate deletes has its scores; they are not asked for again, and one without them stays", async () => {
  const sets = ["keep.adapters=none", "evaluate={benchmarks: [mmlu], rows: 4, data: bench}"];
  const failed = await run(sets, {}, { FIXTURE_EVAL_FAIL: "mmlu" });
  expect([failed.outcome, left()]).toEqual(["failed", [1, 2, 3]]);
  const scored = await run(sets);
  expect([scored.outcome, left()]).toEqual(["finished", []]);
  expect(adapters().map(({ evaluations }) => evaluations)).toEqual([1, 1, 1]);
  const again = await run(sets);
  expect([again.outcome, again.evaluations.map(({ state }) => state)]).toEqual([
    "finished",
    ["stored", "stored", "stored"],
  ]);
  const more = await run([sets[0] ?? "", "evaluate={benchmarks: [mmlu, bbh], rows: 4, data: bench}"]);
  expect(more.outcome).toBe("failed");
  expect(more.evaluations[0]?.message).toContain("was not kept");
});

/** Steps from which the attempts of a seed went on. */
function resumedSteps(seed: number): (number | null)[] {
  const store = openStore(dbPath, { readonly: true });
  try {
    const run = listRuns(store).find((row) => row.seed === seed);
    return getAttempts(store, run?.id ?? "").map(({ resumed_step }) => resumed_step);
  } finally {
    store.close();
  }
}

test("checkpoints: none: a run whose worker died begins again, in a retry too; unfinished goes on", async () => {
  const died = { FIXTURE_DIE: "2" };
  const first = await run(["keep.checkpoints=none"], {}, died);
  expect(first.cells.find(({ state }) => state === "lost")?.next).toEqual({ from: "zero", why: "keeps_none" });
  await run([], { source: retrySource({ dbPath, what: [], fromScratch: false }) }, died);
  await run(["keep.checkpoints=unfinished"], {}, died);
  await run(["keep.checkpoints=none"]);
  expect(resumedSteps(2)).toEqual([null, null, null, 2]);
});
