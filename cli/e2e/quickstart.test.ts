/** The quickstart itself, cut to a few steps: real weights, real rows, the real worker, all the way into SQLite. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileProgram } from "../store/fixtures/second-process.js";

const SPEC = resolve("configs/quickstart.yaml");
const SHORT = ["train.max_steps=3", "train.logging_steps=1", "data.train_rows=96", "data.eval_rows=64"];

let program: { root: string; remove: () => void };
let folder: string;
beforeAll(() => {
  program = compileProgram();
  folder = mkdtempSync(join(tmpdir(), "lor2c-quickstart-"));
});
afterAll(() => {
  program.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs in an empty folder, so that nothing depends on the checkout being the working folder. */
async function lor2c(...args: string[]) {
  const command = [join(program.root, "cli/main.js"), ...args];
  const { stdout, stderr, exitCode } = await execa(process.execPath, command, { cwd: folder, reject: false });
  return { stdout, stderr, exitCode };
}

const short = SHORT.flatMap((key) => ["--set", key]);

test("run, run again, look, ask, predict, verify", { timeout: 600_000 }, async () => {
  const first = await lor2c("run", SPEC, ...short, "--plain", "--db", "lor2c.db");
  expect(first.stderr).toBe("");
  expect(first.exitCode).toBe(0);
  expect(first.stdout).toContain("2 runs, 2 finished");
  expect(first.stdout).toContain("train: a seeded subset of 96 of 8,453 rows");

  const again = await lor2c("run", SPEC, ...short, "--json", "--db", "lor2c.db");
  expect(again.exitCode).toBe(0);
  expect(again.stdout).not.toContain('"started"'); // nothing was left to train

  const sql = `SELECT method, state, trainable_parameters, head_parameters, majority_score > 0.4 AS fair,
    (SELECT count(*) FROM metrics WHERE attempt = attempt_id AND split = 'train' AND name = 'loss') AS losses
    FROM v_runs ORDER BY method`;
  const asked = await lor2c("query", sql, "--json", "--db", "lor2c.db");
  expect(JSON.parse(asked.stdout)).toEqual([
    { method: "lor2c", state: "finished", trainable_parameters: 36864, head_parameters: 148610, fair: 1, losses: 3 },
    { method: "lora", state: "finished", trainable_parameters: 73728, head_parameters: 148610, fair: 1, losses: 3 },
  ]);

  const predicted = await lor2c("predict", "@last", "--text", "a moving, funny film", "--json", "--db", "lor2c.db");
  expect(predicted.exitCode).toBe(0);
  expect(predicted.stdout).toMatch(/"label": ?"(positive|negative)"/);

  const verified = await lor2c("verify", "@last", "--db", "lor2c.db");
  expect(verified.stdout + verified.stderr).toContain("same");
  expect(verified.exitCode).toBe(0);
});
