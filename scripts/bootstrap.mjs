/**
 * Sets up a checkout, then starts the quickstart or the tests, if asked to:
 *
 *     node scripts/bootstrap.mjs [--then quickstart|test] [arguments of that]
 *
 * Node's standard library only, since this runs before any package is installed. Each step writes a stamp beside its
 * result, with a hash of its inputs; a step whose stamp still fits is not repeated.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildStep } from "./env/build-step.mjs";
import { withLock } from "./env/lock.mjs";
import { satisfies } from "./env/node-range.mjs";
import { npmStep } from "./env/npm-step.mjs";
import { createProgress } from "./env/progress.mjs";
import { Interrupted, SetupError } from "./env/setup-error.mjs";
import { checkOwnPython, isCurrent, makeWorkerEnv } from "./env/worker-env.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const log = join(root, ".setup", "setup.log");

/** What `--then` starts after set-up. @type {Record<string, string[]>} */
const GOALS = {
  quickstart: [join("dist", "cli", "main.js"), "run", join("configs", "quickstart.yaml")],
  test: [join("scripts", "check.mjs")],
};

/** @param {string[]} args */
function parse(args) {
  if (args[0] !== "--then") return { goal: undefined, rest: args };
  const [, goal = "", ...rest] = args;
  if (!(goal in GOALS)) throw new SetupError(`--then ${goal} is unknown`, `Known: ${Object.keys(GOALS).join(", ")}.`);
  return { goal, rest };
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  if (satisfies(process.versions.node, engines.node)) return;
  throw new SetupError(
    `Node ${process.versions.node} does not fit; lor2c needs ${engines.node}`,
    "Install a Node LTS release (a version manager such as nvm, fnm or volta keeps the old one).",
  );
}

/** @param {boolean} dev @param {AbortSignal} signal */
async function setUp(dev, signal) {
  checkNode();
  const progress = createProgress();
  const project = join(root, "python-worker");
  const own = process.env.LOR2C_PYTHON;
  const env = { folder: join(project, ".venv"), project, dev };
  const environment = {
    isCurrent: () => Boolean(own) || isCurrent(env),
    make: () => makeWorkerEnv(env, { log, progress, signal }),
  };
  const steps = [npmStep(root, { log, progress, signal }), buildStep(root, { log, progress, signal }), environment];
  if (!steps.every((step) => step.isCurrent())) {
    const waiting = (/** @type {string} */ holder) =>
      progress.info(`Another set-up (${holder}) is running; waiting for it.`);
    await withLock(join(root, ".setup", "lock"), { waiting, signal }, async () => {
      writeFileSync(log, `${new Date().toISOString()} node ${process.version} ${process.platform} ${process.arch}\n`);
      for (const step of steps) if (!step.isCurrent()) await step.make();
    });
  }
  if (!own) return;
  const note = await checkOwnPython(own, env);
  if (note) progress.info(`LOR2C_PYTHON: ${note}; numbers may differ from those of the locked versions.`);
}

/** Runs `node args` on this terminal and returns its exit code. @param {string[]} args @returns {Promise<number>} */
function hand(args) {
  // Ctrl-C reaches the program too, which decides how it ends.
  process.on("SIGINT", () => {});
  const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 1)));
  });
}

async function main() {
  const { goal, rest } = parse(process.argv.slice(2));
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  await setUp(goal === "test", abort.signal);
  process.off("SIGINT", stop);
  process.off("SIGTERM", stop);
  if (goal) return hand([...(GOALS[goal] ?? []), ...rest]);
  process.stderr.write("Ready: npx lor2c --help\n");
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 130;
  } else if (error instanceof SetupError) {
    const output = error.output.map((line) => `    ${line}\n`).join("");
    process.stderr.write(`${output}\nSet-up: ${error.message}\n  ${error.advice}\n`);
    process.exitCode = 1;
  } else throw error;
}
