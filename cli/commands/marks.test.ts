/** tag, untag, note and baseline on a real database, in this process. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { complete, createParser } from "../parser.js";
import { sampleCell } from "../store/fixtures/sample.js";
import { listRuns, tags } from "../store/read.js";
import { openStore, type Store } from "../store/store.js";
import { registerExperiment, removeRuns } from "../store/write.js";

const [A, B, C] = [
  sampleCell("aaaa".padEnd(16, "0"), { label: "first" }),
  sampleCell("bbbb".padEnd(16, "0"), { label: "second", seed: 2 }),
  sampleCell("cccc".padEnd(16, "0"), { label: "third", task: "other-task" }),
];

let path: string;
let written: string;
const { write } = process.stdout;
beforeEach(() => {
  path = join(tempFolder(), "lor2c.db");
  vi.stubEnv("LOR2C_DB", path);
  const store = openStore(path);
  registerExperiment(store, { name: "grid", specFile: null, specText: "", cells: [A, B] });
  registerExperiment(store, { name: "more", specFile: null, specText: "", cells: [C] });
  store.close();
  process.stdout.write = ((text: string) => {
    written += text;
    return true;
  }) as typeof write;
});
afterEach(() => {
  process.stdout.write = write;
  vi.unstubAllEnvs();
});

const lor2c = async (...args: string[]): Promise<string> => {
  written = "";
  await createParser(args).parseAsync();
  return written;
};
const completed = async (...words: string[]) => {
  written = "";
  await complete(["lor2c", ...words]);
  return written.split("\n");
};
function withStore<T>(read: (store: Store) => T): T {
  const store = openStore(path);
  try {
    return read(store);
  } finally {
    store.close();
  }
}
const runs = () => withStore((store) => Object.fromEntries(listRuns(store).map((run) => [run.label, run])));

test("tag: runs and experiments, twice is once; the list, show and completion have it; untag takes it away", async () => {
  expect(await lor2c("tag")).toBe("no run has a tag\n");
  expect(await lor2c("tag", "paper", "aaaa")).toBe("tagged paper: 1 of 1 run\n");
  expect(await lor2c("tag", "paper", "grid", "@last")).toMatch(/^tagged paper: 2 of 3 runs; 1 had it already\n$/);
  expect(await lor2c("tag", "best-2", "aaaa", "aaaa", "--json")).toBe(
    `{"tag":"best-2","runs":["${A.id}"],"changed":1}\n`,
  );
  expect(runs().first).toMatchObject({ tags: ["best-2", "paper"], note: null, baseline: 0 });
  expect(await lor2c("tag")).toMatch(/^tag +runs +last given \(UTC\)\nbest-2 +1 +20\S+ \S+\npaper +3 +20\S+ \S+\n$/);
  expect(JSON.parse(await lor2c("tag", "--json"))).toMatchObject([{ tag: "best-2", runs: 1 }, { tag: "paper" }]);
  expect(await lor2c("show", "aaaa")).toMatch(/^tags +best-2 paper$/m);
  const view = withStore((store) => store.prepare("SELECT tag, label FROM v_tags ORDER BY tag, label").all());
  expect(view[0]).toEqual({ tag: "best-2", label: "first" });
  expect(await completed("tag", "")).toEqual(["best-2", "paper", ""]);
  expect(await completed("untag", "paper", "")).toEqual(expect.arrayContaining(["grid", "aaaa0000"]));
  expect(await lor2c("untag", "best-2", "bbbb")).toBe("none of the runs has the tag best-2\n");
  expect(await lor2c("untag", "paper", "more", "--json")).toBe('{"tag":"paper","changed":1}\n');
  expect(await lor2c("untag", "paper", "--all")).toBe("untagged paper: 2 runs\n");
  expect(withStore(tags).map(({ tag }) => tag)).toEqual(["best-2"]);
  withStore((store) => removeRuns(store, [A.id]));
  expect(withStore(tags)).toEqual([]);
});

test("a filter chooses the runs that get a tag, alone or of those that are named; none, or no tag, is an error", async () => {
  expect(JSON.parse(await lor2c("tag", "found", "--where", "label = first", "--json")).runs).toEqual([A.id]);
  expect(JSON.parse(await lor2c("tag", "found", "grid", "--where", "label != first", "--json")).runs).not.toContain(
    A.id,
  );
  await expect(lor2c("tag", "found", "--where", "label = nothing")).rejects.toMatchObject({ code: "NO_RUNS" });
  await expect(lor2c("tag", "--where", "label = first")).rejects.toMatchObject({ code: "USAGE" });
});

test("what cannot be a tag is refused", async () => {
  const long = "x".repeat(65);
  const odd = ["a\u001b[31m", "a\u202eb", "a\u200bb", "\ud800"];
  for (const tag of ["", "two words", "@best", "a,b", "a'b", "%", ".hidden", long, ...odd]) {
    await expect(lor2c("tag", tag, "aaaa"), tag).rejects.toMatchObject({ code: "TAG_INVALID", exitCode: 2 });
  }
  expect(withStore(tags)).toEqual([]);
});

test("a tag in another Unicode form is the same tag; the wrong order and missing runs are named", async () => {
  await lor2c("tag", "e\u0301tude", "aaaa");
  expect(runs().first?.tags).toEqual(["\u00e9tude"]);
  expect(await lor2c("untag", "e\u0301tude", "aaaa")).toBe("untagged \u00e9tude: 1 run\n");
  await expect(lor2c("tag", "aaaa", "best")).rejects.toMatchObject({ exitCode: 2 });
  await expect(lor2c("tag", "aaaa", "bbbb")).rejects.toMatchObject({ hint: "the tag comes first, then runs" });
  await expect(lor2c("tag", "best")).rejects.toMatchObject({ code: "USAGE", hint: expect.stringContaining("@best") });
  await expect(lor2c("tag", "best", "nothing")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  await expect(lor2c("untag", "best")).rejects.toMatchObject({ code: "USAGE", hint: expect.stringContaining("--all") });
  expect(withStore(tags)).toEqual([]);
});

test("note: written, printed, replaced with a word about the former one, taken away", async () => {
  await expect(lor2c("note", "aaaa")).rejects.toMatchObject({ code: "NO_NOTE" });
  expect(await lor2c("note", "aaaa", "merges too early\nsee the curves ")).toBe(`noted about ${A.id}\n`);
  expect(await lor2c("note", "aaaa")).toBe("merges too early\nsee the curves\n");
  expect(await lor2c("show", "aaaa")).toMatch(/^noted +merges too early\n +see the curves$/m);
  expect(await lor2c("note", "aaaa", "fine")).toBe(`noted about ${A.id}\nbefore: merges too early\nsee the curves\n`);
  expect(JSON.parse(await lor2c("note", "aaaa", "--json"))).toEqual({ run: A.id, note: "fine" });
  for (const bad of ["", "  \n", "a\u001b[2J", "\u202eabc", "x".repeat(10_001)]) {
    await expect(lor2c("note", "aaaa", bad)).rejects.toMatchObject({ code: "NOTE_INVALID", exitCode: 2 });
  }
  expect(runs().first?.note).toBe("fine");
  expect(await lor2c("note", "aaaa", "--clear")).toBe(`took the note away from ${A.id}\nbefore: fine\n`);
  expect(runs().first?.note).toBeNull();
});

test("baseline: one of each model and task; a new one takes the place of the old", async () => {
  expect(await lor2c("baseline")).toBe("there is no baseline\n");
  expect(await lor2c("baseline", "aaaa")).toBe(`baseline: ${A.id} first (tiny, some-task)\n`);
  expect(await lor2c("baseline", "aaaa")).toBe(`baseline: ${A.id} first (tiny, some-task)\n`);
  await lor2c("baseline", "cccc");
  expect(await lor2c("baseline", "bbbb")).toContain(`second (tiny, some-task), instead of ${A.id}`);
  expect(JSON.parse(await lor2c("baseline", "--json"))).toEqual([
    { run: B.id, label: "second", model: "tiny", task: "some-task", own_rows: null },
    { run: C.id, label: "third", model: "tiny", task: "other-task", own_rows: null },
  ]);
  expect(await lor2c("show", "bbbb")).toMatch(/^baseline +of tiny on some-task$/m);
  expect([runs().first?.baseline, runs().second?.baseline]).toEqual([0, 1]);
  await expect(lor2c("baseline", "aaaa", "--clear")).rejects.toMatchObject({ code: "NO_BASELINE" });
  expect(await lor2c("baseline", "bbbb", "--clear")).toBe("took away 1 baseline\n");
  expect(await lor2c("baseline", "--clear")).toBe("took away 1 baseline\n");
  expect(await lor2c("baseline")).toBe("there is no baseline\n");
});

test("a missing database is an error, and is not made", async () => {
  vi.stubEnv("LOR2C_DB", join(tempFolder(), "none.db"));
  for (const args of [["tag", "a", "@last"], ["tag"], ["untag", "a", "--all"], ["note", "@last", "x"], ["baseline"]]) {
    await expect(lor2c(...args)).rejects.toMatchObject({ code: "DATABASE_MISSING" });
  }
});
