import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test, vi } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { openStore } from "../store/store.js";
import { cacheRows } from "./caches.js";
import { databaseRows } from "./database.js";
import { nodeRows } from "./node.js";
import { pythonRows } from "./python.js";

const folder = tempFolder();

/** A program that answers like a Python interpreter. */
function pretend(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("python", () => {
  test("the environment of this checkout works, down to the worker's handshake", async () => {
    // A copy of a locked package that PYTHONPATH names is not imported.
    const other = join(folder, "other");
    mkdirSync(join(other, "numpy"), { recursive: true });
    writeFileSync(join(other, "numpy", "__init__.py"), "raise ImportError('the other numpy')\n");
    vi.stubEnv("PYTHONPATH", other);
    const rows = await pythonRows({ ...process.env, LOR2C_PYTHON: "" });
    vi.unstubAllEnvs();
    expect(rows.map((row) => row.name)).toEqual(["python", "packages", "torch", "device", "variables"]);
    expect(rows.filter((row) => row.state === "fail")).toEqual([]);
    expect(rows.at(-1)?.value).toMatch(/not passed on to the worker: .*\bPYTHONPATH\b/);
  }, 60_000);

  test.each([
    ["broken", "echo 'Fatal Python error' >&2; exit 1", /ends with exit code 1/],
    ["mute", "exit 0", /does not answer as Python does/],
    ["old", `echo '{"version": "3.9.2", "executable": "/x", "venv": true}'`, /3\.9\.2, .* is older than 3\.11/],
  ])("an interpreter that is %s", async (name, script, value) => {
    const [row, ...rest] = await pythonRows({ LOR2C_PYTHON: pretend(name, script) });
    expect(row).toMatchObject({ name: "python", state: "fail", value: expect.stringMatching(value) });
    expect(row?.advice).toContain("LOR2C_PYTHON");
    expect(rest).toEqual([]);
  });

  test("an interpreter that does not exist, and one without the packages", async () => {
    expect(await pythonRows({ LOR2C_PYTHON: "/no/such/python" })).toMatchObject([{ name: "python", state: "fail" }]);
    const script = `case "$1" in -c) echo '{"version": "3.12.1", "executable": "/x", "venv": true}';;
      *) echo '{"packages": 2, "missing": [{"name": "torch", "wanted": ">=2.11", "found": null}], "unsuitable": [], "different": []}';; esac`;
    const rows = await pythonRows({ LOR2C_PYTHON: pretend("bare", script) });
    expect(rows.map(({ name, state }) => [name, state])).toEqual([
      ["python", "ok"],
      ["packages", "fail"],
    ]);
    expect(rows[1]?.value).toBe("torch>=2.11 is missing");
    expect(rows[1]?.advice).toMatch(/-m pip install -r .*requirements\.lock/);
  });
});

describe("database", () => {
  test("a missing database is named, and not made", async () => {
    const path = join(folder, "new", "lor2c.db");
    const [row, disk] = await databaseRows(path, true);
    expect(row).toMatchObject({ state: "ok", value: `${path} (the first run makes it)` });
    expect(disk?.name).toBe("disk");
    expect(existsSync(join(folder, "new"))).toBe(false);
  });

  test("a database of lor2c, one of another program, a folder, and a place where nothing can be written", async () => {
    const path = join(folder, "lor2c.db");
    openStore(path).close();
    expect((await databaseRows(path, true))[0]).toMatchObject({ state: "ok", value: `${path}, 0 runs` });
    const foreign = join(folder, "foreign.db");
    new Database(foreign).exec("CREATE TABLE t (x)").close();
    expect((await databaseRows(foreign, true))[0]).toMatchObject({ state: "fail" });
    expect((await databaseRows(folder, true))[0]).toMatchObject({ state: "fail" });
    // A file where the folder should be: even root cannot write there, unlike in a read-only folder.
    const [row] = await databaseRows(join(path, "results", "lor2c.db"), true);
    expect(row).toMatchObject({ state: "fail", value: expect.stringContaining("cannot write in") });
    expect(row?.advice).toContain("--db");
    expect(readdirSync(folder).filter((name) => name.startsWith(".lor2c-"))).toEqual([]);
  });

  test("cannot be checked without SQLite", async () => {
    expect(await databaseRows(undefined, false)).toMatchObject([{ name: "database", state: "fail" }]);
  });
});

test("node: a version outside engines is a failure that names the range", async () => {
  const old = await nodeRows("20.18.0");
  expect(old[0]).toMatchObject({ name: "node", state: "fail", value: expect.stringContaining("^20.19.0") });
  const rows = await nodeRows();
  expect(rows.map(({ name, state }) => `${name} ${state}`)).toEqual(["node ok", "npm ok", "lor2c ok", "sqlite ok"]);
}, 60_000);

test("caches: of data, and of models by the rules of huggingface_hub, without the token's value", () => {
  const values = (environment: Record<string, string>) => cacheRows(environment).map(({ value }) => value);
  const cache = { LOR2C_CACHE: folder };
  expect(values({ ...cache, HF_HUB_CACHE: folder, HF_HOME: "/x" })).toEqual([folder, folder]);
  expect(values({ ...cache, HF_HOME: folder })[1]).toBe(`${folder}/hub (not there yet)`);
  const secret = { HF_HOME: folder, HF_TOKEN: "hf_secret", HF_HUB_OFFLINE: "1" };
  expect(values({ ...cache, ...secret })[1]).toBe(
    `${folder}/hub (not there yet); offline: HF_HUB_OFFLINE is set; HF_TOKEN is set`,
  );
});

test("caches that cannot be written: a look, since runs without downloads work", () => {
  const file = pretend("a file", "");
  const rows = cacheRows({ LOR2C_CACHE: join(file, "cache"), HF_HOME: join(file, "hf") });
  expect(rows.map(({ name, state }) => [name, state])).toEqual([
    ["data cache", "warn"],
    ["model cache", "warn"],
  ]);
  expect(rows.map(({ value }) => value)).toEqual(Array(2).fill(expect.stringContaining(`cannot write in ${file}`)));
  expect(rows.map(({ advice }) => advice)).toEqual([
    expect.stringContaining("LOR2C_CACHE"),
    expect.stringContaining("HF_HOME"),
  ]);
  expect(cacheRows({ LOR2C_CACHE: folder, HF_HOME: join(file, "hf"), HF_HUB_OFFLINE: "1" })[1]?.state).toBe("ok");
});
