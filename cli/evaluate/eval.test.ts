/** `lor2c eval`, `generate` and `show RUN samples` like a user: real processes, signals and databases; a fixture worker. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { type Started, startProgram } from "../fixtures/start-program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { withoutWaits } from "../fixtures/without-waits.js";
import { storedRun } from "../store/fixtures/stored-run.js";
import { type EvaluationRow, evaluationsOf, listRuns } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture, until } from "../worker/fixture-worker.js";

const RUN = "a".repeat(16);

let folder: string;
let dbPath: string;
beforeEach(() => {
  folder = tempFolder();
  dbPath = join(folder, "lor2c.db");
  const adapter = join(folder, "runs", RUN, "attempt-1", "adapter");
  storedRun(folder, RUN, adapter);
  writeFileSync(join(adapter, "weights.json"), "{}");
});

const lor2c = (args: string[], env: Record<string, string> = {}): Started =>
  startProgram([...args, "--db", dbPath], { LOR2C_PYTHON: fixture("good.py"), ...env });

async function done(args: string[], env: Record<string, string> = {}) {
  const started = lor2c(args, env);
  return { code: await started.closed, out: started.out(), err: started.err() };
}

function stored(): EvaluationRow[] {
  const store = openStore(dbPath, { readonly: true });
  try {
    return evaluationsOf(store, RUN);
  } finally {
    store.close();
  }
}

const samplesFile = () => {
  const mmlu = stored().find(({ benchmark }) => benchmark === "mmlu");
  return mmlu ? join(mmlu.folder, "samples.jsonl") : "/nowhere";
};
const EVAL = ["eval", RUN, "--suite", "instruct", "--benchmarks"];

test("a run is scored once: one table with standard errors, rows in the database and as jsonl; then it is stored already", async () => {
  const first = await done([...EVAL, "mmlu,bbh", "--rows", "4"]);
  expect(first.code).toBe(0);
  expect(first.out).toMatch(
    /^run +label +benchmark +score +± s\.e\. +rows +shots +took\naaaaaaaa {2}cell +mmlu +0\.\d{4} {2}0\.\d{4} {2}4 of 6 +5/,
  );
  expect(first.out).toContain("mmlu, bbh: protocol instructeval, greedy, exact prefix, mean over rows\n");
  for (const line of first.out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  expect(first.err).toContain(
    "aaaaaaaa  cell: evaluates mmlu 4 of 6 rows, 5 shots; bbh 4 of 6 rows, 3 shots (instructeval)",
  );
  expect(first.err).toContain("note: mmlu: 4 of 6 rows, drawn with seed 0");
  expect(first.out + first.err).not.toContain("\u001b");
  expect(readFileSync(samplesFile(), "utf8").trim().split("\n")).toHaveLength(4);

  const again = await done([...EVAL, "mmlu,bbh,drop", "--rows", "4", "--json"]);
  const results = JSON.parse(again.out);
  expect(results.map(({ benchmark, state }: { benchmark: string; state: string }) => [benchmark, state])).toEqual([
    ["mmlu", "stored"],
    ["bbh", "stored"],
    ["drop", "evaluated"],
  ]);
  expect(results[0]).toMatchObject({
    run: RUN,
    protocol: "instructeval",
    evaluation: {
      ...{ rows: 4, all_rows: 6, settings: { rows: 4, seed: 0, mmlu_none: "None" } },
      notes: ["4 of 6 rows, drawn with seed 0"],
    },
  });
  // Other rows are another evaluation, and so are files that have changed.
  expect((await done([...EVAL, "mmlu"])).err).toContain("mmlu 6 rows");
  await done([...EVAL, "mmlu"], { FIXTURE_EVAL_CHANGED: "new" });
  expect(stored().filter(({ benchmark }) => benchmark === "mmlu")).toHaveLength(3);

  const shown = await done(["show", RUN]);
  expect(shown.out).toMatch(/benchmark +score +± s\.e\. +rows +shots\nbbh +0\./);
  expect(shown.out).toContain("note: mmlu: 4 of 6 rows, drawn with seed 0");
  const csv = await done(["show", RUN, "samples", "--benchmark", "bbh", "--format", "csv", "--limit", "all"]);
  expect(csv.out.split("\r\n")).toHaveLength(1 + 4 + 1);
  const wrong = await done(["show", RUN, "samples", "--wrong", "--limit", "1", "--task", "bbh_1"]);
  expect(wrong.out).toMatch(
    /^\d rows?, 0 right\n\nwrong {2}bbh\/\d {2}\(bbh, bbh_1, instructeval\)\n {7}output {2}"answer \d to größe 映画\\u001b\[31m\\n"\n {7}gold/,
  );
  expect(JSON.parse((await done(["show", RUN, "samples", "--json"])).out)).toMatchObject({ rows: 4 + 4 + 4 + 6 + 6 });
  expect(await done(["show", RUN, "curves", "--wrong"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("--wrong does not go with the view curves"),
  });
});

test.each([
  ["SIGINT", 130],
  ["SIGKILL", null],
] as const)("after %s the same command goes on, and scores no row twice", async (signal, code) => {
  const slow = { FIXTURE_EVAL_SECONDS: "0.1", FIXTURE_EVAL_ROWS: "40" };
  const began = lor2c([...EVAL, "mmlu,bbh"], slow);
  await until(() => existsSync(samplesFile()) && readFileSync(samplesFile(), "utf8") !== "");
  began.child.kill(signal);
  expect(await began.closed).toBe(code);
  if (signal === "SIGINT") {
    expect(began.err()).toContain("stopping; rows that are scored stay; a second signal ends it at once");
    expect(began.err()).toContain("interrupted: the same command goes on; rows that are scored are not scored again");
    expect(stored().map(({ state, score }) => [state, score])).toEqual([
      ["unfinished", null],
      ["unfinished", null],
    ]);
  }
  const kept = readFileSync(samplesFile(), "utf8");
  expect(kept.split("\n").length).toBeLessThan(40);
  const on = await done([...EVAL, "mmlu,bbh"], { FIXTURE_EVAL_ROWS: "40" });
  expect([on.code, on.out.includes("40")]).toEqual([0, true]);
  const whole = readFileSync(samplesFile(), "utf8");
  expect(whole.startsWith(kept)).toBe(true);
  expect(whole.trim().split("\n")).toHaveLength(40);
  const rows = JSON.parse(
    (await done(["show", RUN, "samples", "--json", "--benchmark", "mmlu", "--limit", "all"])).out,
  );
  expect(new Set(rows.samples.map(({ row }: { row: string }) => row)).size).toBe(40);
});

test("what fails says why, keeps what was scored, exits with 1, and the same command tries the rest again", async () => {
  const failed = await done([...EVAL, "mmlu,bbh,drop"], { FIXTURE_EVAL_FAIL: "bbh" });
  expect(failed.code).toBe(1);
  expect(failed.out).toMatch(/mmlu +0\..*\n.*bbh +failed.*\n.*drop +failed/);
  expect(failed.err).toContain("bbh: failed: bbh: the fixture was told to fail");
  expect(failed.err).toContain("the same command tries the rest again");
  expect((await done([...EVAL, "mmlu,bbh"], { FIXTURE_EVAL_DIE: "bbh" })).err).toMatch(
    /died during evaluate \(signal SIGKILL\)[\s\S]*the fixture dies now/,
  );
  const lost = await done([...EVAL, "drop"], { FIXTURE_EVAL_FORGET: "drop" });
  expect(lost.err).toMatch(/drop: failed: the worker sent evaluated .* of 6 rows of drop, of which it told 5/);
  const rest = await done([...EVAL, "mmlu,bbh,drop"]);
  expect([rest.code, stored().map(({ state }) => state)]).toEqual([0, ["finished", "finished", "finished"]]);
});

test.each([
  [["--benchmarks", "mmlu,piqa"], "there is no piqa"],
  [["--benchmarks", "mmlu,mmlu"], "names mmlu twice"],
  [["--benchmarks", "humaneval"], "needs --allow-code-execution"],
  [["--rows", "0"], "--rows 0: give a whole number from 1 on"],
  [["--rows", "4", "--rows", "5"], "--rows is given 2 times, and takes one value"],
  [["--data=a", "--data=b"], "--data is given 2 times"],
])("%j is refused, and nothing is stored", async (args, message) => {
  expect(await done(["eval", RUN, ...args])).toMatchObject({ code: 2, out: "", err: expect.stringContaining(message) });
  expect(stored()).toEqual([]);
});

test("a run that has no adapter is refused", async () => {
  const store = openStore(dbPath);
  store.db.exec("UPDATE attempts SET outcome = 'stopped'");
  expect(listRuns(store)[0]?.state).toBe("stopped");
  store.close();
  expect(await done([...EVAL, "mmlu"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("is not finished but stopped"),
  });
});

test("one that cannot be evaluated is named, and the others are evaluated; if none can be, that is refused", async () => {
  rmSync(join(folder, "runs", RUN, "attempt-1", "adapter", "weights.json"));
  const both = await done(["eval", RUN, "minilm", "--benchmarks", "mmlu,bbh"]);
  expect(both).toMatchObject({
    code: 1,
    out: expect.stringMatching(
      /\naaaaaaaa {2}cell +mmlu +failed .*\naaaaaaaa {2}cell +bbh +failed .*\n- +minilm +mmlu +0\.\d{4}/,
    ),
    err: expect.stringContaining("aaaaaaaa  cell: cannot be evaluated: no adapter in "),
  });
  const none = await done(["eval", RUN, "minilm", "--benchmarks", "drop"], { FIXTURE_EVAL_PROBLEM: "drop" });
  expect(none).toMatchObject({
    code: 2,
    out: "",
    err: expect.stringMatching(/cell: no adapter in .*\nminilm: drop: the fixture has no such rows\n/),
  });
});

test("an untuned model is evaluated beside a run, once, in a folder of its own", async () => {
  const both = await done(["eval", RUN, "minilm", "minilm", "--benchmarks", "mmlu"]);
  expect([both.code, both.out]).toEqual([
    0,
    expect.stringMatching(/\naaaaaaaa {2}cell +mmlu .*\n- +minilm +mmlu .*\n/),
  ]);
  const again = JSON.parse((await done(["eval", "minilm", "--benchmarks", "mmlu", "--json"])).out);
  expect(again).toMatchObject([{ run: null, model: "minilm", state: "stored", evaluation: { adapter_hash: null } }]);
  expect(again[0].evaluation.folder).toBe(join(folder, "runs", "models", again[0].evaluation.key));
  expect((await done(["rm", "minilm", "--yes"])).out).toMatch(
    /^deleted 1 evaluation of the untuned model minilm; freed /,
  );
  expect([existsSync(again[0].evaluation.folder), existsSync(samplesFile())]).toEqual([false, true]);
  expect(await done(["eval", "MiniLM", "--benchmarks", "mmlu"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("MiniLM is neither a run nor a model"),
  });
});

test("generate: pieces of text as they come, from an option or a pipe; what it took goes to stderr", async () => {
  const said = await done(["generate", RUN, "--prompt", "two  words", "--max-new-tokens", "2"]);
  expect(said).toMatchObject({ code: 0, out: "none: two\n" });
  expect(withoutWaits(said.err)).toBe("2 tokens in 500ms after a prompt of 10 tokens; cut at --max-new-tokens\n");
  const chat = await done(["generate", RUN, "--prompt", "x", "--chat", "--json"], {
    FIXTURE_EVAL_TEXT: "a\u001b[2J b",
  });
  expect(chat.out).not.toContain("\u001b");
  expect(JSON.parse(chat.out)).toMatchObject({ text: "a\u001b[2J b", template: "chat", reason: "stop", new_tokens: 2 });
  expect(await done(["generate", RUN, "--prompt", " "])).toMatchObject({ code: 2 });
  expect((await done(["generate", RUN, "--prompt", "x", "--seed", "5"])).err).toContain("--temperature above 0");
  expect((await done(["generate", RUN, "--prompt", "x", "--chat", "--template", "alpaca"])).code).toBe(2);
  const long = { FIXTURE_EVAL_TEXT: Array(600).fill("word").join(" "), FIXTURE_EVAL_SECONDS: "0.02" };
  const unread = lor2c(["generate", RUN, "--prompt", "x", "--max-new-tokens", "600"], long);
  await until(() => unread.out() !== "");
  unread.child.stdout?.destroy();
  expect([await unread.closed, withoutWaits(unread.err())]).toEqual([
    0,
    expect.stringMatching(/^\d+ tokens in .*; interrupted\n$/),
  ]);
  const piped = startProgram(["generate", RUN, "--db", dbPath], { LOR2C_PYTHON: fixture("good.py") });
  piped.child.kill("SIGINT");
  expect(await piped.closed).not.toBe(0);
});
