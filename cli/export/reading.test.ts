/** Runs the examples of docs/export.md with the packages that they need, where Python has them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProgram } from "../fixtures/start-program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { packageFile } from "../spec/package-files.js";
import { claimAll, sampleCell, sampleEvents as say } from "../store/fixtures/sample.js";
import { openStore } from "../store/store.js";
import { ingest, registerExperiment } from "../store/write.js";
import { findPython } from "../worker/python.js";

const page = readFileSync(packageFile("docs", "export.md"), "utf8");
const examples = [...page.matchAll(/```python\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");

test("the examples of docs/export.md read what lor2c query writes", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "results"));
  const cell = sampleCell("aaaa".padEnd(16, "0"), { label: "seed=17" });
  const db = join(folder, "results", "lor2c.db");
  const store = openStore(db);
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells: [cell] });
  const attempts = claimAll(store, [cell]);
  ingest(store, attempts, [say.ready(), say.started([cell.id]), say.finished([cell.id], 30)], null);
  store.close();
  const sql = /lor2c query "([^"]+)" -o runs\.parquet/.exec(page)?.[1] ?? "";
  expect(await startProgram(["query", sql, "-o", join(folder, "runs.parquet"), "--db", db]).closed).toBe(0);

  const { command } = await findPython();
  const python = (code: string) =>
    spawnSync(command[0] ?? "", [...command.slice(1), "-c", code], { cwd: folder, encoding: "utf8" });
  expect(examples).toHaveLength(4);
  const skipped = examples.filter((code) => {
    const names = [...code.matchAll(/^import (.+)$/gm)].flatMap((match) => (match[1] ?? "").split(", "));
    const needed = code.includes("pandas.read_parquet") ? [...names, "pyarrow"] : names;
    if (python(needed.map((name) => `import ${name}`).join("\n")).status !== 0) return true;
    const { status, stderr, stdout } = python(`${code}\nassert len(runs) == 1, runs`);
    expect([status, stderr]).toEqual([0, ""]);
    if (code.includes("print(")) expect(stdout).toContain("0.81");
    return false;
  });
  if (skipped.length > 0)
    process.stderr.write(`skipped ${skipped.length} of 4 examples: Python lacks their packages\n`);
}, 60_000);
