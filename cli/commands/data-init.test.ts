import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test, vi } from "vitest";
import yargs, { type CommandModule } from "yargs";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { loadSpec } from "../spec/load.js";
import { fixture } from "../worker/fixture-worker.js";
import data from "./data.js";
import init from "./init.js";

const folder = tempFolder();
const rows = join(folder, "reviews.csv");
const spec = join(folder, "sweep.yaml");

beforeAll(() => {
  vi.stubEnv("LOR2C_PYTHON", fixture("good.py"));
  writeFileSync(rows, "review,mood\n");
  writeFileSync(
    spec,
    "model: minilm\ntask: movie-reviews\nmethod: lora\nsweep: {grid: {seed: [1, 2], data.split_seed: [3, 4]}}\n",
  );
});

/** What a command writes to standard output, and its error as main.ts would get it. */
async function run(...args: string[]): Promise<{ out: string; error: unknown }> {
  let out = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const parser = yargs()
    .command([data, init] as unknown as CommandModule[])
    .strict()
    .fail(false);
  const error = await parser.parseAsync(args).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  write.mockRestore();
  return { out, error };
}

describe("data", () => {
  test("a run to start from, which is in a database, is no fault of the rows", async () => {
    expect((await run("data", spec, "--set", "train.start_from=abcd1234")).error).toBeUndefined();
  });

  test("Ctrl-C ends the worker and leaves no temporary folder", async () => {
    const temporary = tempFolder();
    const env = { TMPDIR: temporary, LOR2C_PYTHON: fixture("good.py"), FIXTURE_HANG_FILE: "1" };
    const running = execa(process.execPath, [PROGRAM, "data", spec], { env, reject: false });
    while (readdirSync(temporary).length === 0) await new Promise((done) => setTimeout(done, 20));
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("shows each different set of rows once, with its runs", async () => {
    const { out, error } = await run("data", spec);
    expect(error).toBeUndefined();
    expect(out).toContain("4 runs, 2 different sets of rows");
    expect(out.match(/^2 of 4 runs: .*split_seed=3/gm)).toHaveLength(1);
    const json = JSON.parse((await run("data", spec, "--json")).out);
    expect(json.row_sets).toHaveLength(2);
    expect(json.row_sets[0]).toMatchObject({
      task: { name: "movie-reviews" },
      problems: [],
      report: { kind: "classify" },
    });
  });

  test("exits with 1 on what training would refuse, after what is known of the rows; with 2 on a wrong spec", async () => {
    vi.stubEnv("FIXTURE_PROBLEM", "1");
    const { out, error } = await run("data", spec);
    vi.stubEnv("FIXTURE_PROBLEM", "");
    expect(out).toContain("refused: the fixture refuses this seed");
    expect(error).toMatchObject({ exitCode: 1, code: "DATA_REFUSED", message: "the fixture refuses this seed" });
    expect((await run("data", spec, "--set", "train.max_lenth=3")).error).toMatchObject({ exitCode: 2 });
  });
});

describe("init --data", () => {
  test("writes a spec beside the table that loads, and says what it guessed", async () => {
    const file = join(folder, "reviews.yaml");
    const { out, error } = await run("init", "--data", rows);
    expect(error).toBeUndefined();
    expect(out).toContain("label      mood: 2 values: bad 150, good 149");
    expect(out).toContain(`Wrote ${file}. Next: lor2c data ${file}\n`);
    expect(loadSpec(file).cells[0]?.settings.data).toMatchObject({
      path: rows,
      columns: { text: "review", label: "mood" },
    });
    expect((await run("init", "--data", rows)).error).toMatchObject({ exitCode: 2, code: "FILE_EXISTS" });
    writeFileSync(file, "mine: true\n");
    await run("init", "--data", rows, "--force");
    expect(readFileSync(file, "utf8")).toContain("dev_rows: 0.2");
  });

  test("writes nothing where the table or its columns are not what they should be", async () => {
    const file = join(folder, "other.yaml");
    const missing = await run("init", "--data", join(folder, "none.csv"), file);
    expect(missing.error).toMatchObject({ exitCode: 2, message: expect.stringContaining("none.csv: no such file") });
    const unclear = await run("init", "--data", rows, file, "--label", "stars");
    expect(unclear.error).toMatchObject({ exitCode: 2, code: "COLUMN_UNKNOWN" });
    expect((await run("init", file, "--label", "stars")).error).toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("--data"),
    });
    expect(existsSync(file)).toBe(false);
  });
});
