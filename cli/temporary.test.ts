/** What commands say where no temporary folder can be made: the real program, a pretend worker. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { PROGRAM } from "./fixtures/program.js";
import { tempFolder } from "./fixtures/temp-folder.js";
import { packageFile } from "./spec/package-files.js";
import { listRuns } from "./store/read.js";
import { openStore } from "./store/store.js";

const folder = tempFolder();
const dbPath = join(folder, "lor2c.db");

function lor2c(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...process.env,
      LOR2C_PYTHON: packageFile("cli", "worker", "fixtures", "good.py"),
      LOR2C_DB: dbPath,
      LOR2C_CACHE: folder,
      ...env,
    },
  });
  return { status, stdout, stderr };
}

beforeAll(() => {
  const spec = "name: one\nmodel: minilm\ntask: movie-reviews\nmethod: lora\njobs: 1\n";
  writeFileSync(join(folder, "spec.yaml"), spec);
  expect(lor2c(["run", "spec.yaml", "--plain"]).status).toBe(0); // what plans found out is kept now
});

test("every command that starts a worker says which variable names what", () => {
  const store = openStore(dbPath, { readonly: true });
  const run = listRuns(store)[0]?.id ?? "";
  store.close();
  const gone = join(folder, "gone");
  const commands = [
    ...[["plan"], ["run"], ["params"], ["run", "--plain"]].map(([verb = "", ...rest]) => [verb, "spec.yaml", ...rest]),
    ["run", "spec.yaml", "--json", "--set", "seed=9"],
    ["predict", run, "--text", "a text"],
    ["verify", run],
  ];
  for (const args of commands) {
    const { status, stderr } = lor2c(args, { TMPDIR: gone });
    expect([args, status]).toEqual([args, 2]);
    expect(stderr).toContain(`no temporary folder: TMPDIR is ${gone}, which does not exist`);
    expect(stderr).not.toContain("    at ");
  }
  const reader = openStore(dbPath, { readonly: true });
  expect(listRuns(reader)).toHaveLength(1);
  reader.close();
}, 60_000);

test("the reason, and what to do about it", () => {
  const params = (env: Record<string, string>) =>
    lor2c(["params", "spec.yaml"], { TMPDIR: "", TMP: "", TEMP: "", ...env });
  const file = join(folder, "spec.yaml");
  expect(params({ TMPDIR: file })).toMatchObject({
    status: 2,
    stderr:
      `lor2c: no temporary folder: TMPDIR is ${file}, which is not a folder\n` +
      "  make it a folder that can be written, or unset TMPDIR\n",
  });
  expect(params({ TEMP: "/no/such place" }).stderr).toBe(
    "lor2c: no temporary folder: TEMP is /no/such place, which does not exist\n  make it, or unset TEMP\n",
  );
});
