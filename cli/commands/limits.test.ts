/** `--max-hours` and `--max-disk` refuse a job before anything happens. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProgram } from "../fixtures/start-program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { fixture } from "../worker/fixture-worker.js";

const folder = tempFolder();
const file = join(folder, "grid.yaml");
writeFileSync(file, "model: minilm\ntask: movie-reviews\nmethod: lora\njobs: 1\nsweep: {grid: {seed: 1..3}}\n");

async function lor2c(...args: string[]) {
  const { closed, out, err } = startProgram(args, { LOR2C_PYTHON: fixture("good.py"), LOR2C_DB: "" });
  const code = await closed;
  return { code, out: out(), err: err() };
}

test("plan prints the plan, says which limit is exceeded and how many runs would fit, and exits with 1", async () => {
  const db = join(folder, "plan.db");
  const { code, out, err } = await lor2c("plan", file, "--db", db, "--max-hours", "0.004", "--max-disk", "1GB");
  expect(code).toBe(1);
  expect(out).toContain("3 runs in 3 bundles");
  expect(err).toMatch(/the 3 runs that are left will take about .* by a rule of thumb: more than --max-hours 0\.004/);
  expect(err).toContain("nothing was started");
  expect(err).toContain("the first one, in the order of the plan, would fit");
  expect(err).not.toContain("--max-disk");
  expect(existsSync(db)).toBe(false);
});

test.each(["run", "sweep"])("%s starts nothing and makes no database", async (command) => {
  const db = join(folder, "run.db");
  const { code, out, err } = await lor2c(command, file, "--db", db, "--max-disk", "10 kB", "--plain");
  expect(code).toBe(1);
  expect(err).toMatch(/will need about .* of disk, .* for good: more than the 9\.77 KiB that --max-disk allows/);
  expect(err).toContain("not one of them would fit");
  expect(out).toBe("");
  expect(existsSync(db)).toBe(false);
});

test("within the limits all are trained; show has the forecast beside the measured values", async () => {
  const db = join(folder, "within.db");
  const args = ["--db", db, "--max-hours", "1000", "--max-disk", "1TiB"];
  expect(await lor2c("run", file, "--plain", ...args)).toMatchObject({ code: 0 });
  // Finished runs take no time and disk.
  expect(await lor2c("plan", file, "--db", db, "--max-hours", "0.000001")).toMatchObject({ code: 0 });
  expect(await lor2c("plan", file, ...args, "--max-hours", "1")).toMatchObject({ code: 2 }); // the option is given twice
  const shown = JSON.parse((await lor2c("show", "@last", "--json", "--db", db)).out);
  expect(shown.forecast).toMatchObject({ run: shown.run.id, seconds_basis: "rule", memory_basis: "rule" });
  expect(shown.attempt.disk_bytes).toBeGreaterThan(100);
  const { out } = await lor2c("show", "@last", "--db", db);
  expect(out).toMatch(/forecast +happened +forecast from\n/);
  expect(out).toMatch(/\ntime +about .* \(.* to .*\) +3\.0s +a rule of thumb\n/);
  expect(out).toMatch(/\npeak memory +about .* \(.* to .*\) +1 MiB +a rule of thumb\n/);
  const more = await lor2c("plan", file, "--db", db, "--set", "seed=9", "--set", "sweep=null", "--json");
  const { forecast } = JSON.parse(more.out);
  expect(forecast).toMatchObject({ workers: 1, seconds_basis: { kind: "rule" }, runs: [{ disk: expect.any(Number) }] });
  expect(forecast.memory_of_all.likely).toBe(forecast.memory.likely);
});

test.each([
  ["--max-hours", "many", "a number of hours above 0"],
  ["--max-hours", "0", "a number of hours above 0"],
  ["--max-hours", "-1", "a number of hours above 0"],
  ["--max-hours", "1e3", "a number of hours above 0"],
  ["--max-disk", "500", "a size with its unit"],
  ["--max-disk", "2 gigabytes", "a size with its unit"],
  ["--max-disk", "1iB", "a size with its unit"],
  ["--max-disk", "0MB", "a size with its unit"],
])("%s %s is a wrong use that says what is right", async (option, value, advice) => {
  const { code, err } = await lor2c("plan", file, `${option}=${value}`);
  expect(code).toBe(2);
  expect(err).toContain(`${option} ${value}: give ${advice}`);
});
