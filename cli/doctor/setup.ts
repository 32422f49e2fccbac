import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { withLock } from "../../scripts/env/lock.mjs";
import { createProgress } from "../../scripts/env/progress.mjs";
import { Interrupted, SetupError } from "../../scripts/env/setup-error.mjs";
import { checkOwnPython, isCurrent, makeWorkerEnv } from "../../scripts/env/worker-env.mjs";
import { Lor2cError, WorkerError } from "../errors.js";
import { packageFile, packageRoot } from "../spec/package-files.js";
import { checkoutEnvironment, isCheckout, userEnvironment } from "../worker/python.js";

/** Makes the worker's environment, or checks the one of LOR2C_PYTHON. Returns lines about the result. */
export async function setUpWorker(clean: boolean): Promise<string[]> {
  const project = packageFile("python-worker");
  const own = process.env.LOR2C_PYTHON;
  try {
    if (own) {
      const note = await checkOwnPython(own, { project, dev: false });
      const differs = note ? [`Not as locked, so numbers may differ: ${note}`] : [];
      return [...differs, "LOR2C_PYTHON has what the worker needs; nothing was installed."];
    }
    return [await make(project, clean)];
  } catch (error) {
    if (error instanceof Interrupted) throw new Lor2cError("INTERRUPTED", error.message, undefined, 130);
    if (error instanceof SetupError) {
      const lines = error.output.map((line) => `    ${line}`);
      throw new WorkerError("SETUP_FAILED", [...lines, error.message].join("\n"), error.advice);
    }
    throw error;
  }
}

async function make(project: string, clean: boolean): Promise<string> {
  // A checkout has the script that sets up checkouts; the installed package does not.
  const checkout = isCheckout();
  const folder = checkout ? checkoutEnvironment() : userEnvironment();
  // The lock and log of a checkout are those of `npm run setup`: so the two wait for each other.
  const state = checkout ? join(packageRoot(), ".setup") : dirname(folder);
  const env = { folder, project, dev: false };
  if (!clean && isCurrent(env)) return `${folder} is current.`;
  const progress = createProgress();
  const waiting = (holder: string): void => progress.info(`Another set-up (${holder}) is running; waiting for it.`);
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    await withLock(join(state, "lock"), { waiting, signal: abort.signal }, async () => {
      if (clean) rmSync(folder, { recursive: true, force: true });
      if (!isCurrent(env)) {
        await makeWorkerEnv(env, { log: join(state, "setup.log"), progress, signal: abort.signal });
      }
    });
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
  return `${folder} is ready.`;
}
