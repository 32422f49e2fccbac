import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { tempFolder } from "../../cli/fixtures/temp-folder.js";
import { packageFile } from "../../cli/spec/package-files.js";
import { interpreterIn } from "./interpreter.mjs";
import { findBasePython, isNewEnough, probe } from "./python.mjs";
import { checkOwnPython, inspectEnv, isCurrent, makeWorkerEnv } from "./worker-env.mjs";

const silent = { info: () => {}, step: () => ({ line: () => {}, done: () => {}, fail: () => {} }) };

/** A worker that needs only packages of every new environment, so that pip asks no registry. */
function projectThatNeeds(dependencies: string[], lock: string[] = []): string {
  const project = tempFolder();
  mkdirSync(join(project, "lor2c_worker"));
  for (const name of ["inspect_env.py", "lor2c_worker/__init__.py", "lor2c_worker/imported.py"]) {
    copyFileSync(packageFile("python-worker", name), join(project, name));
  }
  writeFileSync(join(project, "pyproject.toml"), `[project]\ndependencies = ${JSON.stringify(dependencies)}\n`);
  writeFileSync(join(project, "requirements.lock"), `# locked\n${lock.join("\n")}\n`);
  return project;
}

describe("the worker's environment", () => {
  const project = projectThatNeeds(["pip>=1"]);
  const env = { folder: join(project, ".venv"), project, dev: false };
  const options = { log: join(project, "setup.log"), progress: silent };

  beforeAll(async () => {
    expect(isCurrent(env)).toBe(false);
    await makeWorkerEnv(env, options);
  });

  test("is current once made, and until its lock changes", async () => {
    expect(isCurrent(env)).toBe(true);
    const found = await inspectEnv([interpreterIn(env.folder)], env);
    expect(found).toMatchObject({ missing: [], unsuitable: [], different: [], packages: 1 });
    writeFileSync(join(project, "requirements.lock"), "# locked otherwise\n");
    expect(isCurrent(env)).toBe(false);
    await makeWorkerEnv(env, options);
    expect(isCurrent(env)).toBe(true);
  });

  test("is made anew when its interpreter is gone, and when it is damaged", async () => {
    const [interpreter, library] = [interpreterIn(env.folder), join(env.folder, "lib")];
    rmSync(interpreter);
    symlinkSync("/no/such/python3.11", interpreter); // as an upgrade of Python leaves it
    expect(isCurrent(env)).toBe(false);
    await makeWorkerEnv(env, options);
    expect(isCurrent(env)).toBe(true);
    rmSync(join(env.folder, ".lor2c-stamp.json"));
    const packages = readdirSync(library, { recursive: true })
      .map(String)
      .filter((path) => /site-packages\/pip$/.test(path));
    expect(packages).toHaveLength(1);
    writeFileSync(join(library, packages[0] ?? "", "__init__.py"), "half a fi(");
    await makeWorkerEnv(env, options);
    expect(isCurrent(env)).toBe(true);
  });

  test("can be interrupted while it is made", async () => {
    rmSync(env.folder, { recursive: true });
    const abort = new AbortController();
    const making = makeWorkerEnv(env, { ...options, signal: abort.signal }).catch((e) => e);
    while (!existsSync(interpreterIn(env.folder))) await sleep(10);
    abort.abort();
    expect((await making).name).toBe("Interrupted");
    expect(isCurrent(env)).toBe(false);
  });

  test("is made after a set-up that was killed while its programs went on", async () => {
    rmSync(env.folder, { recursive: true, force: true });
    writeFileSync(env.folder, "a file where the environment should be");
    expect(isCurrent(env)).toBe(false);
    const script = `import { makeWorkerEnv } from ${JSON.stringify(packageFile("scripts", "env", "worker-env.mjs"))};
      const step = () => ({ line() {}, done() {}, fail() {} });
      await makeWorkerEnv(${JSON.stringify(env)}, { log: ${JSON.stringify(options.log)}, progress: { info() {}, step } });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
    while (!existsSync(interpreterIn(env.folder))) await sleep(10);
    child.kill("SIGKILL");
    await once(child, "close");
    expect(isCurrent(env)).toBe(false);
    await makeWorkerEnv(env, options);
    expect(isCurrent(env)).toBe(true);
  });
}, 120_000);

describe("an interpreter of the user's own", () => {
  test("has what it needs, differs from the lock, or lacks a package", async () => {
    const { command } = await findBasePython();
    const own = command[0] ?? "";
    expect(await checkOwnPython(own, { project: projectThatNeeds([]), dev: false })).toBeUndefined();
    const differing = projectThatNeeds([], ["lor2c-no-such-package==1.0", 'other==1 ; sys_platform == "nowhere"']);
    expect(await checkOwnPython(own, { project: differing, dev: false })).toBe("lor2c-no-such-package==1.0 is missing");
    const lacking = projectThatNeeds(["lor2c-no-such-package>=2"]);
    const error = await checkOwnPython(own, { project: lacking, dev: false }).catch((e) => e);
    expect(error.message).toContain("lor2c-no-such-package>=2 is missing");
    expect(error.advice).toContain("-m pip install -r");
  });

  test("is no Python, too old, or missing", async () => {
    expect(await probe(["lor2c-no-such-program"])).toMatchObject({ problem: "not found" });
    expect(await probe([process.execPath])).toHaveProperty("problem");
    expect(["3.9.18", "3.10.13", "3.11.0", "3.14.1", "4.0.0", "2.7.18"].map(isNewEnough)).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});
