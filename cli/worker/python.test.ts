import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { loggableEnvironment, MARKER, workerEnvironment } from "./environment.js";
import { checkoutEnvironment, findPython, userEnvironment, workerCommand } from "./python.js";

describe("finding Python", () => {
  test("LOR2C_PYTHON comes first, as a path or as a name on PATH", async () => {
    const folder = tempFolder("lor2c with a blank");
    const program = join(folder, "mypython");
    writeFileSync(program, "#!/bin/sh\n");
    chmodSync(program, 0o755);
    expect(await findPython({ LOR2C_PYTHON: program })).toEqual({ command: [program], source: "LOR2C_PYTHON" });
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

test("the worker's package is found, and modules of the working folder are not imported", async () => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, "json.py"), "raise SystemExit('shadowed')\n");
  mkdirSync(join(cwd, "lor2c_worker"));
  writeFileSync(join(cwd, "lor2c_worker", "__main__.py"), "raise SystemExit('shadowed')\n");
  const [file = "", ...args] = workerCommand({ command: ["python3"], source: "test" });
  // An unknown argument ends the real worker before it needs any package.
  const result = await execa(file, [...args, "--nonsense"], { cwd, env: workerEnvironment("m"), reject: false });
  expect(result.stderr).toContain("--nonsense");
  expect(result.exitCode).toBe(2);
});

test("variables are passed on, the worker's are set, and the user's own thread policy is kept", () => {
  const ours = workerEnvironment("m", { EXTRA: "1" }, { OMP_WAIT_POLICY: "ACTIVE", PYTHONPATH: "/mine" });
  expect(ours).toMatchObject({ EXTRA: "1", OMP_WAIT_POLICY: "ACTIVE", PYTHONUNBUFFERED: "1", [MARKER]: "m" });
  expect(ours.PYTHONPATH).toMatch(/python-worker[:;]\/mine$/);
  expect(workerEnvironment("m", {}, {})).toMatchObject({
    OMP_WAIT_POLICY: "PASSIVE",
    TOKENIZERS_PARALLELISM: "false",
    HF_HUB_DISABLE_TELEMETRY: "1",
  });
});

test("a set of texts has the same order in every worker, since peft writes some into an adapter's config", async () => {
  const print = ["-c", "print({'query', 'value', 'key', 'classifier', 'score', 'dense', 'output', 'intermediate'})"];
  const orders = Array.from({ length: 4 }, () => execa("python3", print, { env: workerEnvironment("m", {}, {}) }));
  const distinct = new Set((await Promise.all(orders)).map(({ stdout }) => stdout));
  expect(distinct.size).toBe(1);
});

test("no variable whose name looks secret is logged", () => {
  const environment = {
    HF_TOKEN: "x",
    HF_HOME: "/models",
    HUGGING_FACE_HUB_TOKEN: "x",
    OMP_NUM_THREADS: "2",
    TOKENIZERS_PARALLELISM: "false",
    LOR2C_API_KEY: "x",
    HF_PASSWORD: "x",
    HOME: "/root",
    CUDA_VISIBLE_DEVICES: "0",
  };
  expect(Object.keys(loggableEnvironment(environment))).toEqual([
    "CUDA_VISIBLE_DEVICES",
    "HF_HOME",
    "OMP_NUM_THREADS",
    "TOKENIZERS_PARALLELISM",
  ]);
});
