import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { tempFolder } from "../cli/fixtures/temp-folder.js";
import { packageFile, packageRoot } from "../cli/spec/package-files.js";
import { findPython } from "../cli/worker/python.js";

const folder = tempFolder();
const installed = join(folder, "package");
let files: string[];

beforeAll(() => {
  const options = ["pack", "--json", "--ignore-scripts", "--loglevel=silent", "--pack-destination", folder];
  const [packed] = JSON.parse(execFileSync("npm", options, { cwd: packageRoot(), encoding: "utf8" }));
  files = packed.files.map((file: { path: string }) => file.path);
  execFileSync("tar", ["-xzf", join(folder, packed.filename), "-C", folder]);
  // Only what npm would install beside it; everything else is in the bundle.
  const lock: { packages: Record<string, { dev?: boolean }> } = JSON.parse(
    readFileSync(packageFile("package-lock.json"), "utf8"),
  );
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    if (path === "" || dev || path.lastIndexOf("node_modules/") > 0 || !existsSync(packageFile(path))) continue;
    mkdirSync(dirname(join(installed, path)), { recursive: true });
    symlinkSync(packageFile(path), join(installed, path));
  }
}, 60_000);

describe("the packed package", () => {
  test("has what runs need", () => {
    expect(files).toEqual(
      expect.arrayContaining([
        ...["package.json", "README.md", "LICENSE", "CHANGELOG.md", "docs/database.md"],
        ...["dist/cli/main.js", "dist/cli/THIRD-PARTY-LICENSES"],
        ...["configs/quickstart.yaml", "configs/spec.schema.json"],
        ...["python-worker/pyproject.toml", "python-worker/requirements.lock", "python-worker/inspect_env.py"],
        ...["python-worker/lor2c_worker/__main__.py", "python-worker/lor2c_worker/methods/lor2c.py"],
      ]),
    );
  });

  test("has every Python source of the worker", () => {
    const tracked = execFileSync("git", ["ls-files", "python-worker/lor2c_worker", "python-worker/lor2c_peft"], {
      cwd: packageRoot(),
      encoding: "utf8",
    });
    const sources = tracked.split("\n").filter(Boolean);
    if (sources.length === 0) return; // an export without its history
    expect(files).toEqual(expect.arrayContaining(sources));
  });

  test("has no tests, fixtures, environments, caches or results of this machine", () => {
    const stray = files.filter((path) =>
      /\.test\.|(?:^|\/)tests?\/|fixture|\.venv|__pycache__|\.db|results\/runs|\.lor2c-stamp|\.tsx?$|dist\/(?!cli\/)/.test(
        path,
      ),
    );
    expect(stray).toEqual([]);
  });

  test("has the licences of the packages in the bundle", () => {
    const text = readFileSync(join(installed, "dist", "cli", "THIRD-PARTY-LICENSES"), "utf8");
    for (const name of ["ink", "zod", "yargs", "@observablehq/plot"])
      expect(text).toMatch(new RegExp(`^${name} \\d`, "m"));
    expect(text).not.toMatch(/^(better-sqlite3|rolldown|vitest) /m);
  });

  test("its program is executable", () => {
    const main = join(installed, "dist", "cli", "main.js");
    expect(readFileSync(main, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    expect(bin.lor2c).toBe("dist/cli/main.js");
  });
});

describe("unpacked elsewhere", () => {
  const run = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [join(installed, "dist", "cli", "main.js"), ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, XDG_DATA_HOME: join(folder, "data"), LOR2C_PYTHON: "", ...env },
    });

  test("--help, validate and schema work", () => {
    expect(run(["--help"]).stdout).toContain("lor2c run <file>");
    const spec = join(installed, "configs", "quickstart.yaml");
    expect(run(["validate", spec])).toMatchObject({ status: 0, stdout: `${spec}: ok, 10 runs\n` });
    expect(JSON.parse(run(["schema"]).stdout)).toHaveProperty("$schema");
  });

  test("without the worker's environment, doctor fails and says how to make it", () => {
    const { status, stdout } = run(["doctor", "--json"]);
    expect(status).toBe(1);
    const rows: { name: string; state: string; value: string; advice?: string }[] = JSON.parse(stdout).rows;
    expect(rows.filter((row) => row.state === "fail").map((row) => row.name)).toEqual(["python"]);
    expect(JSON.stringify(rows)).toContain("lor2c setup");
  });

  test("in a checkout, an environment whose interpreter is gone is told as such, and beside it all other rows", () => {
    const [scripts, bin] = [join(installed, "scripts"), join(installed, "python-worker", ".venv", "bin")];
    for (const path of [scripts, bin]) mkdirSync(path, { recursive: true });
    writeFileSync(join(scripts, "bootstrap.mjs"), ""); // makes it a checkout
    symlinkSync("/opt/python-gone/bin/python3.11", join(bin, "python"));
    const { status, stdout } = run(["doctor", "--json"], { TMPDIR: join(folder, "gone") });
    rmSync(scripts, { recursive: true });
    rmSync(dirname(bin), { recursive: true });
    expect(status).toBe(1);
    const rows: { name: string; state: string; value: string; advice?: string }[] = JSON.parse(stdout).rows;
    expect(rows.filter((row) => row.state === "fail")).toEqual([
      {
        name: "python",
        state: "fail",
        value: `${dirname(bin)} is there, but its interpreter is gone (-> /opt/python-gone/bin/python3.11)`,
        advice: "`npm run setup` makes it anew.",
      },
      {
        name: "temporary files",
        state: "fail",
        value: `no temporary folder: TMPDIR is ${join(folder, "gone")}, which does not exist`,
        advice: "make it, or unset TMPDIR",
      },
    ]);
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(["node", "sqlite", "database", "disk"]));
  });

  test("with an interpreter that has the packages, doctor finds that runs work", async () => {
    const { command } = await findPython();
    const { status, stdout } = run(["doctor"], { LOR2C_PYTHON: command[0] ?? "" });
    expect(stdout).toContain(installed);
    expect(status).toBe(0);
  }, 60_000);
});
