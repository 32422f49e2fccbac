import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { withheld } from "../../scripts/env/python-environment.mjs";
import { tempFolder } from "../fixtures/temp-folder.js";
import { MARKER, workerEnvironment } from "./environment.js";
import { checkoutEnvironment, findPython, userEnvironment, workerCommand } from "./python.js";

describe("finding Python", () => {
  test("LOR2C_PYTHON comes first, as a path or as a name on PATH", async () => {
    const folder = tempFolder("lor2c with a blank");
    const program = join(folder, "mypython");
    writeFileSync(program, "#!/bin/sh\n");
    chmodSync(program, 0o755);
    expect(await findPython({ LOR2C_PYTHON: program })).toEqual({
      command: [program],
      source: "LOR2C_PYTHON",
      usersOwn: true,
    });
    expect((await findPython({ LOR2C_PYTHON: "mypython", PATH: folder })).command).toEqual([program]);
  });

  test("an LOR2C_PYTHON that is not a program is an error, and not skipped", async () => {
    const error = await findPython({ LOR2C_PYTHON: "/nowhere/python" }).catch((e) => e);
    expect(error).toMatchObject({ code: "PYTHON_MISSING" });
    expect(error.message).toContain("/nowhere/python");
  });

  test("then the checkout's environment, then the user's, then an error that says what to run", async () => {
    const found = await findPython({}).catch((error) => error);
    if (found.command) expect(found.command[0]).toMatch(new RegExp(`^(${checkoutEnvironment()}|${userEnvironment()})`));
    else expect(found.hint).toContain("lor2c setup");
  });
});

/** Runs the bundled worker with what the user has set. An unknown argument ends it before it needs any package. */
async function startBundled(usersOwn: boolean, outer: Record<string, string>, cwd: string) {
  const python = { command: ["python3"], source: "test", usersOwn };
  const [file = "", ...args] = workerCommand(python);
  const env = workerEnvironment("m", usersOwn, { PATH: process.env.PATH, ...outer });
  return execa(file, [...args, "--nonsense"], { cwd, env, extendEnv: false, reject: false });
}

describe("modules of the working folder are not imported instead of others", () => {
  const cwd = tempFolder();
  for (const name of ["json.py", "random.py", "sitecustomize.py", "usercustomize.py", "start.py"]) {
    writeFileSync(join(cwd, name), "raise SystemExit('shadowed')\n");
  }
  mkdirSync(join(cwd, "lor2c_worker"));
  writeFileSync(join(cwd, "lor2c_worker", "__main__.py"), "raise SystemExit('shadowed')\n");

  test.each<Record<string, string>>([
    {},
    { PYTHONPATH: ":/opt/tools" }, // what `export PYTHONPATH=$PYTHONPATH:/opt/tools` leaves
    { PYTHONPATH: "." },
    { PYTHONSAFEPATH: "" },
    { PYTHONSTARTUP: "start.py", PYTHONINSPECT: "1" },
  ])("%j", async (outer) => {
    for (const usersOwn of [false, true]) {
      const { stderr, exitCode } = await startBundled(usersOwn, outer, cwd);
      expect(stderr).toContain("--nonsense");
      expect(exitCode).toBe(2);
    }
  });
});

test("PYTHONPATH, PYTHONHOME and a user's packages reach an interpreter of the user's own, and no other", async () => {
  const other = tempFolder();
  writeFileSync(join(other, "traceback.py"), "raise SystemExit('the copy of ' + __file__)\n");
  expect((await startBundled(false, { PYTHONPATH: other, PYTHONHOME: "/nowhere" }, other)).stderr).toContain(
    "--nonsense",
  );
  expect((await startBundled(true, { PYTHONPATH: other }, other)).stderr).toContain(`the copy of ${other}`);
});

test("all variables are passed on, except those of Python's own that replace or change code", () => {
  const outer = {
    HTTPS_PROXY: "p",
    LD_LIBRARY_PATH: "/cuda",
    HF_TOKEN: "t",
    SLURM_JOB_ID: "7",
    OMP_WAIT_POLICY: "ACTIVE",
  };
  const python = { PYTHONOPTIMIZE: "2", PYTHONWARNINGS: "error", PYTHONUSERBASE: "/u", PYTHONDONTWRITEBYTECODE: "1" };
  const ours = workerEnvironment("m", false, { ...outer, ...python });
  expect(ours).toMatchObject({ ...outer, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1", [MARKER]: "m" });
  expect(ours.PYTHONPATH).toMatch(/python-worker$/);
  expect(Object.keys(ours)).not.toEqual(expect.arrayContaining([expect.stringMatching(/OPTIMIZE|WARNINGS|USERBASE/)]));
  expect(withheld(false, { ...outer, ...python })).toEqual(["PYTHONOPTIMIZE", "PYTHONUSERBASE", "PYTHONWARNINGS"]);
  expect(withheld(true, python)).toEqual(["PYTHONOPTIMIZE", "PYTHONWARNINGS"]);
  expect(workerEnvironment("m", true, { PYTHONPATH: "/mine:" }).PYTHONPATH).toMatch(/python-worker[:;]\/mine$/);
  expect(workerEnvironment("m", false, {})).toMatchObject({
    OMP_WAIT_POLICY: "PASSIVE",
    ONEDNN_PRIMITIVE_CACHE_CAPACITY: "128",
    TOKENIZERS_PARALLELISM: "true",
    HF_HUB_DISABLE_TELEMETRY: "1",
  });
  const older = workerEnvironment("m", false, { DNNL_PRIMITIVE_CACHE_CAPACITY: "9" });
  expect(Object.keys(older)).not.toContain("ONEDNN_PRIMITIVE_CACHE_CAPACITY");
  const set = workerEnvironment("m", false, { ONEDNN_PRIMITIVE_CACHE_CAPACITY: "9" });
  expect(set.ONEDNN_PRIMITIVE_CACHE_CAPACITY).toBe("9");
});

test("a set of texts has the same order in every worker, since peft writes some into an adapter's config", async () => {
  const print = ["-c", "print({'query', 'value', 'key', 'classifier', 'score', 'dense', 'output', 'intermediate'})"];
  const env = workerEnvironment("m", false, { PATH: process.env.PATH, PYTHONHASHSEED: "random" });
  const orders = Array.from({ length: 4 }, () => execa("python3", print, { env, extendEnv: false }));
  const distinct = new Set((await Promise.all(orders)).map(({ stdout }) => stdout));
  expect(distinct.size).toBe(1);
});
