/** A tiny Llama, with the real worker: scored through the command line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { startProgram } from "../fixtures/start-program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { packageFile } from "../spec/package-files.js";
import { findPython, workerCommand } from "../worker/python.js";

test("an untuned model is scored on the rows of a folder", { timeout: 240_000 }, async () => {
  const folder = tempFolder();
  const [python = "python3"] = workerCommand(await findPython());
  const tests = packageFile("python-worker", "tests");
  await execa(python, [join(tests, "asking.py"), folder], {
    env: { PYTHONPATH: packageFile("python-worker"), LOR2C_TEST_DEVICE: "cpu" },
  });
  const env = { LOR2C_DB: join(folder, "lor2c.db"), OMP_NUM_THREADS: "1" };
  const lor2c = async (...args: string[]) => {
    const started = startProgram(args, env);
    return { code: await started.closed, out: started.out(), err: started.err() };
  };
  const model = join(folder, "model");
  const how = ["--data", join(folder, "benchmarks"), "--rows", "6", "--benchmarks"];
  const first = await lor2c("eval", model, ...how, "mmlu,bbh", "--json");
  expect([first.code, first.err]).toEqual([0, expect.stringContaining("mmlu 6 of 24 rows, 5 shots")]);
  const results = JSON.parse(first.out);
  expect(results).toMatchObject([
    { benchmark: "mmlu", state: "evaluated", evaluation: { rows: 6, all_rows: 24, shots: 5, max_new_tokens: 2 } },
    { benchmark: "bbh", state: "evaluated", evaluation: { rows: 6, all_rows: 24, shots: 3, max_new_tokens: 32 } },
  ]);
  for (const { evaluation } of results) {
    const rows = readFileSync(join(evaluation.folder, "samples.jsonl"), "utf8").trim().split("\n");
    expect(rows).toHaveLength(6);
    expect([evaluation.score, evaluation.standard_error].every((value) => value >= 0 && value <= 1)).toBe(true);
  }
});
