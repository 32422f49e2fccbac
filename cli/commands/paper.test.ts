/** Runs lor2c paper like a user: real processes on a real database. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { paperStore, storeExperiment, type Told } from "../paper/fixtures/stored.js";
import { paperTables } from "../paper/reference.js";
import { disposableFolder } from "../store/fixtures/sample.js";

const runs = (...best: number[]): Told[] =>
  best.map((score, i) => ({ method: { name: "lora", rank: 8 }, seed: 17 + i, best: score, last: score - 0.1 }));

let temp: { folder: string; remove: () => void };
beforeAll(() => {
  temp = disposableFolder();
  mkdirSync(join(temp.folder, "empty"));
  const store = paperStore(temp.folder);
  storeExperiment(store, "mine", runs(0.8968, 0.897, 0.8972));
  store.close();
});
afterAll(() => {
  temp.remove();
});

/** Runs `lor2c paper ...args` in `folder`, without a terminal and without LOR2C_DB. */
function paper(args: string[], folder = temp.folder) {
  const { LOR2C_DB: _, ...env } = process.env;
  const db = folder === temp.folder ? ["--db", join(folder, "lor2c.db")] : [];
  return spawnSync(process.execPath, [PROGRAM, "paper", ...args, ...db], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
}

test("the table is printed on standard output", () => {
  const { status, stdout, stderr } = paper(["table1"]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("89.7 ± 0.0 (3)");
  expect(stdout).toContain("reproduced");
  expect(stdout).toMatch(/^AdptD 0\.3M [\s\S]*^AdptD 0\.9M /m);
});

test("--score last, --model and --experiment change which runs and scores count", () => {
  expect(paper(["table1", "--score", "last"]).stdout).toContain("79.7 ± 0.0 (3)");
  const wrong = paper(["table1", "--model", "minilm"]);
  expect([wrong.status, wrong.stdout]).toEqual([2, ""]);
  expect(wrong.stderr).toMatch(
    /no run of the model minilm on the tasks of table1\n {2}stored: FacebookAI\/roberta-base \(3\)/,
  );
  expect(paper(["table2", "--model", "Llama-2-7b-hf"]).status).toBe(0);
  expect(paper(["table1", "--experiment", "mine"]).stdout).toContain("Only runs of experiment mine.");
  const { status, stderr } = paper(["table1", "--experiment", "yours"]);
  expect([status, stderr]).toEqual([2, expect.stringContaining("stored: mine")]);
});

test.each([
  [["--json"], /^\{\n/],
  [["--format", "json"], /^\{\n/],
  [["--format", "csv"], /^table,row,/],
  [["--format", "markdown"], /^\*\*Table I /],
  [["--format", "latex"], /\\begin\{tabular\}/],
])("%j", (args, expected) => {
  const { status, stdout } = paper(["table1", ...args]);
  expect(status).toBe(0);
  expect(stdout).toMatch(expected);
});

test("-o writes a file in the format of its ending, which --format must not contradict", () => {
  const file = join(temp.folder, "table1-out.tex");
  const { status, stdout, stderr } = paper(["table1", "-o", file]);
  expect([status, stdout, stderr]).toEqual([0, "", `wrote ${file}\n`]);
  expect(readFileSync(file, "utf8")).toContain("\\toprule");
  expect(paper(["table1", "-o", file, "--format", "csv"]).status).toBe(2);
  expect(readFileSync(file, "utf8")).toContain("\\toprule");
});

test.each([
  [["table1", "-o", "table1.html"], /the ending of table1.html does not name a format[\s\S]*--format/],
  [["table1", "-o", "a/b/c.md"], /there is no folder/],
  [["table1", "--json", "--format", "csv"], /mutually exclusive/],
  [["table3"], /Choices: "table1", "table2"/],
])("%j: exit 2 and what to do", (args, message) => {
  const { status, stdout, stderr } = paper(args);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
});

test("without a database the published numbers are shown, and a note that nothing is measured; a database that is named must exist", () => {
  const empty = join(temp.folder, "empty");
  const { status, stdout, stderr } = paper(["table2", "--json"], empty);
  expect([status, stderr]).toEqual([0, expect.stringContaining("nothing is measured")]);
  const { rows } = JSON.parse(stdout) as { rows: { id: string; average: { published: number } }[] };
  expect(rows.map(({ id, average }) => [id, average.published])).toEqual(
    paperTables().tables.table2.rows.map(({ id, average }) => [id, average]),
  );
  expect(existsSync(join(empty, "results"))).toBe(false);
  expect(paper(["table1", "--db", "no.db"], empty).status).toBe(2);
});
