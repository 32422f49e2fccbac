/** Runs the quickstart on few rows: real weights, real rows, the real worker, and SQLite. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { withoutWaits } from "../fixtures/without-waits.js";

const SPEC = resolve("configs/quickstart.yaml");
/** Two steps per epoch, so that all merges and injections still happen. */
const SHORT = ["train.logging_steps=1", "data.train_rows=16", "data.eval_rows=32", "train.batch_size=8"];

let folder: string;
beforeAll(() => {
  folder = tempFolder();
});

/** Runs in an empty folder, so that nothing depends on the checkout being the working folder. */
async function lor2c(...args: string[]) {
  const command = [PROGRAM, ...args];
  const { stdout, stderr, exitCode } = await execa(process.execPath, command, { cwd: folder, reject: false });
  return { stdout, stderr, exitCode };
}

const short = SHORT.flatMap((key) => ["--set", key]);

test("run, run again, look, draw, ask, predict, verify", { timeout: 1_200_000 }, async () => {
  const first = await lor2c("run", SPEC, ...short, "--plain", "--db", "lor2c.db");
  expect(first.stderr).toMatch(/^starting the worker: /); // what it says from the first moment on
  expect(withoutWaits(first.stderr)).toBe("");
  expect(first.exitCode).toBe(0);
  expect(first.stdout).toContain("10 runs, 10 finished");
  expect(first.stdout).toContain("train: a seeded subset of 16 of 8,453 rows");
  const score = String.raw` +\d\d\.\d\d[*= ]*`;
  expect(first.stdout).toMatch(
    new RegExp(String.raw`injections I\nmerges M +0 +1 +2\n( +[012]${score}${score}${score}\n){3}`),
  );
  expect(first.stdout).toMatch(/^beside the grid: LoRA \d\d\.\d\d$/m);

  // 40 are those of ten runs alone; how many are saved depends on how many workers share the grid.
  expect(first.stdout).toMatch(/(2|3)\d epochs instead of 40: runs that begin alike trained as one/);
  expect(readdirSync(join(folder, "runs", ".checkpoints"))).toEqual([]); // no run needs them any more

  const again = await lor2c("run", SPEC, ...short, "--json", "--db", "lor2c.db");
  expect(again.exitCode).toBe(0);
  expect(again.stdout).not.toContain('"started"'); // there is nothing left to train

  const heatmap = await lor2c("heatmap", "quickstart", "--format", "text", "--db", "lor2c.db");
  expect(first.stdout).toContain(heatmap.stdout); // the same picture from the database alone
  const drawn = await lor2c("heatmap", "-o", "grid.png", "--db", "lor2c.db");
  expect(drawn.stderr).toBe(`wrote ${join(folder, "grid.png")}`);
  expect(readFileSync(join(folder, "grid.png")).subarray(1, 4).toString()).toBe("PNG");

  // A part of the grid from the command line: every cell of it is stored already.
  const axes = ["--merges", "0,2", "--injections", "0..1"];
  const part = await lor2c("sweep", SPEC, ...axes, ...short, "--plain", "--db", "lor2c.db");
  expect(part.exitCode).toBe(0);
  expect(part.stdout).toContain("5 runs, 5 of them finished already");
  expect(part.stdout).toMatch(/injections I\nmerges M +0 +1\n +0 .*\n +2 /);
  const sets = await lor2c("query", "SELECT sets FROM experiments ORDER BY id DESC", "--json", "--db", "lor2c.db");
  expect(JSON.parse(sets.stdout)[0].sets).toContain('"sweep.grid.method.merges=[0,2]"');

  const done = "SELECT DISTINCT merges, injections, merges_done, injections_done FROM v_grid ORDER BY 1, 2";
  const changes = JSON.parse((await lor2c("query", done, "--json", "--db", "lor2c.db")).stdout);
  expect(changes).toEqual(
    [0, 1, 2].flatMap((merges) =>
      [0, 1, 2].map((injections) => ({ merges, injections, merges_done: merges, injections_done: injections })),
    ),
  );

  const sql = `SELECT method, count(*) AS runs, min(state) AS state, min(trainable_parameters) AS trainable,
    max(head_parameters) AS head, min(majority_score > 0.4) AS fair,
    sum((SELECT count(*) FROM metrics WHERE attempt = attempt_id AND split = 'train' AND name = 'loss')) AS losses
    FROM v_runs GROUP BY method ORDER BY method`;
  const asked = await lor2c("query", sql, "--json", "--db", "lor2c.db");
  const common = { state: "finished", head: 148610, fair: 1 };
  expect(JSON.parse(asked.stdout)).toEqual([
    { method: "imlor2c", runs: 9, trainable: 36864, losses: 9 * 8, ...common },
    { method: "lora", runs: 1, trainable: 73728, losses: 8, ...common },
  ]);

  const predicted = await lor2c("predict", "@last", "--text", "a moving, funny film", "--json", "--db", "lor2c.db");
  expect(predicted.exitCode).toBe(0);
  expect(predicted.stdout).toMatch(/"label": ?"(positive|negative)"/);

  const lora = "SELECT run FROM v_runs WHERE method = 'lora'";
  const id = (await lor2c("query", lora, "--csv", "--db", "lor2c.db")).stdout.split("\n").at(-1) ?? "";
  const merged = await lor2c("export-adapter", id, "merged", "--merged", "--json", "--db", "lor2c.db");
  expect(merged.exitCode).toBe(0);
  expect(JSON.parse(merged.stdout).difference).toBeLessThan(1e-4);
  const card = readFileSync(join(folder, "merged", "README.md"), "utf8");
  expect(card).toContain("base_model: sentence-transformers/all-MiniLM-L6-v2");
  expect(card).not.toContain(folder);

  const verified = await lor2c("verify", "@last", "--db", "lor2c.db");
  expect(verified.stdout + verified.stderr).toContain("same");
  expect(verified.exitCode).toBe(0);
});
