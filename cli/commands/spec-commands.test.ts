import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import yargs, { type CommandModule } from "yargs";
import { SpecError } from "../errors.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import explain from "./explain.js";
import init from "./init.js";
import schema from "./schema.js";
import validate from "./validate.js";

const folder = tempFolder();
const good = join(folder, "good.yaml");
const bad = join(folder, "bad.yaml");
writeFileSync(good, "model: minilm\ntask: movie-reviews\nsweep: {grid: {method: [lora, lora], seed: 1..2}}\n");
writeFileSync(bad, "model: minilm\nnope: 1\ntask: 3\n");

afterEach(() => vi.restoreAllMocks());

/** Returns what the command writes to standard output. Throws its error as main.ts would receive it. */
async function run(command: unknown, ...args: string[]): Promise<{ out: string; error: unknown }> {
  let out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const parser = yargs()
    .command(command as CommandModule)
    .strict()
    .fail(false);
  const error = await parser.parseAsync(args).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  vi.restoreAllMocks();
  return { out, error };
}

test("validate: counts the runs of valid files and throws the problems of all files at once", async () => {
  const fine = await run(validate, "validate", good);
  expect(fine).toEqual({
    out: `${good}: ok, 2 runs; 2 of 4 combinations of the sweep are equal to another one and left out\n`,
    error: undefined,
  });
  const missing = join(folder, "missing.yaml");
  const { out, error } = await run(validate, "validate", bad, good, missing);
  expect(out).toContain(`${good}: ok`);
  expect(error).toBeInstanceOf(SpecError);
  expect((error as SpecError).exitCode).toBe(2);
  expect((error as SpecError).problems.map((p) => [p.file, p.line])).toEqual([
    [bad, 1],
    [bad, 2],
    [bad, 3],
    [missing, 1],
  ]);
});

test("validate --json, --set", async () => {
  const { out, error } = await run(
    validate,
    "validate",
    bad,
    "--json",
    "--set",
    "task=movie-reviews",
    "--set",
    "method=lora",
  );
  const result = JSON.parse(out);
  expect(result).toMatchObject({ ok: false, files: [{ file: bad, ok: false, problems: [{ line: 2, path: "nope" }] }] });
  expect(error).toBeInstanceOf(SpecError);
});

test("schema: JSON with every section", async () => {
  const { out } = await run(schema, "schema");
  expect(Object.keys(JSON.parse(out).properties)).toEqual(expect.arrayContaining(["train", "method", "sweep"]));
});

test("explain: one key, all keys, JSON, an unknown one", async () => {
  expect((await run(explain, "explain", "seed")).out).toMatch(/^seed\n {2}meaning {2}Seed of/);
  expect((await run(explain, "explain")).out).toContain("train.warmup_ratio");
  expect(JSON.parse((await run(explain, "explain", "seed", "--json")).out)).toMatchObject([
    { key: "seed", default: "17" },
  ]);
  expect((await run(explain, "explain", "sed")).error).toMatchObject({ exitCode: 2, hint: "did you mean `seed`?" });
});

test("init: writes a valid spec, and overwrites only with --force", async () => {
  const file = join(folder, "mine.yaml");
  expect((await run(init, "init", file)).out).toBe(`Wrote ${file}. Next: lor2c plan ${file}\n`);
  expect(existsSync(file)).toBe(true);
  expect((await run(validate, "validate", file)).error).toBeUndefined();
  writeFileSync(file, "mine: true\n");
  expect((await run(init, "init", file)).error).toMatchObject({ exitCode: 2, code: "FILE_EXISTS" });
  expect(readFileSync(file, "utf8")).toBe("mine: true\n");
  await run(init, "init", file, "--force");
  expect(readFileSync(file, "utf8")).toContain('name: "mine"');
});
