/** `-` instead of a spec file: the built program with a spec on its standard input, and a fixture worker. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { withoutWaits } from "../fixtures/without-waits.js";
import { packageFile } from "../spec/package-files.js";
import { experiments } from "../store/read.js";
import { openStore } from "../store/store.js";

let folder: string;
beforeAll(() => {
  folder = tempFolder();
  mkdirSync(join(folder, "rows"));
  writeFileSync(join(folder, "base.yaml"), "model: minilm\ntask: movie-reviews\nmethod: lora\n");
});

const SPEC = "extends: base.yaml\ndata: {path: rows}\n";

function lor2c(args: string[], input: string) {
  const worker = packageFile("cli", "worker", "fixtures", "good.py");
  const env = { ...process.env, LOR2C_PYTHON: worker, LOR2C_DB: join(folder, "lor2c.db") };
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env,
    input,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("validate", () => {
  test("reads the spec, and counts its runs", () => {
    expect(lor2c(["validate", "-"], `${SPEC}sweep: {grid: {seed: 1..3}}\n`)).toEqual({
      status: 0,
      stdout: "<stdin>: ok, 3 runs\n",
      stderr: "",
    });
  });
  test("shows problems with the file name <stdin>", () => {
    const { status, stdout, stderr } = lor2c(["validate", "-"], "model: minilm\nsede: 1\n");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("<stdin>:2:1  sede: unknown key");
  });
  test("reports an empty input", () => {
    const { status, stderr } = lor2c(["validate", "-"], "");
    expect(status).toBe(2);
    expect(stderr).toContain("<stdin>:1:1  is empty; a spec is a mapping of keys");
  });
  test("accepts it together with files, and with --json", () => {
    const { status, stdout } = lor2c(["validate", "--json", "base.yaml", "-"], SPEC);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, files: [{ file: "base.yaml" }, { file: "<stdin>" }] });
  });
});

test("plan: paths start from the working folder", () => {
  const { status, stdout } = lor2c(["plan", "-", "--json"], SPEC);
  expect(status).toBe(0);
  const { file, name, extends: base, runs } = JSON.parse(stdout);
  expect({ file, name, base }).toEqual({ file: "<stdin>", name: "stdin", base: "base.yaml" });
  expect(runs.map((run: { settings: { data: { path: string } } }) => run.settings.data.path)).toEqual([
    join(folder, "rows"),
  ]);
});

test("run and sweep: read it once, train it, and store its text", () => {
  const run = lor2c(["run", "-", "--plain"], `name: piped\n${SPEC}`);
  expect([run.status, withoutWaits(run.stderr)]).toEqual([0, ""]);
  const sweep = lor2c(["sweep", "-", "--plain", "--seed", "1..2"], `name: piped-sweep\n${SPEC}`);
  expect([sweep.status, withoutWaits(sweep.stderr)]).toEqual([0, ""]);
  const store = openStore(join(folder, "lor2c.db"), { readonly: true });
  try {
    expect(
      experiments(store).map(({ name, spec_file, spec_text, cells }) => [name, spec_file, spec_text, cells]),
    ).toEqual([
      ["piped-sweep", "<stdin>", `name: piped-sweep\n${SPEC}`, 2],
      ["piped", "<stdin>", `name: piped\n${SPEC}`, 1],
    ]);
  } finally {
    store.close();
  }
});
