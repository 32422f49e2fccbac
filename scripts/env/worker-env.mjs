import { execFile } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { interpreterIn, whyBroken } from "./interpreter.mjs";
import { findBasePython, isNewEnough, OLDEST, probe } from "./python.mjs";
import { pythonEnvironment } from "./python-environment.mjs";
import { endLeftover, run } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";
import { hashOf, readStamp, writeStamp } from "./stamp.mjs";

/**
 * Makes the worker's Python environment, for bootstrap.mjs in a checkout and for `lor2c setup` in an installed package.
 *
 * @typedef {object} WorkerEnv
 * @property {string} folder where the environment is or will be
 * @property {string} project folder with pyproject.toml, the locks and inspect_env.py
 * @property {boolean} dev whether to include what the tests need
 *
 * @typedef {{ name: string, wanted: string, found: string | null }} Package
 * @typedef {{ python: string, executable: string, packages: number, missing: Package[], unsuitable: Package[], different: Package[] }} Inspection
 */

const MB = 2 ** 20;
/** Disk that the CPU build needs; the CUDA build needs four times as much. */
const LEAST_DISK = 2000 * MB;

/** @param {string} project @param {boolean} dev */
const locksOf = (project, dev) =>
  ["requirements.lock", ...(dev ? ["requirements-dev.lock"] : [])].map((name) => join(project, name));

/** @param {string} folder */
const stampOf = (folder) => join(folder, ".lor2c-stamp.json");
/** Marks that `python -m venv` has finished; nothing else shows that surely. @param {string} folder */
const begunOf = (folder) => join(folder, ".lor2c-begun.json");

/** Whether everything is installed. Reads a few small files only. @param {WorkerEnv} env */
export function isCurrent({ folder, project, dev }) {
  const stamp = whyBroken(folder) === undefined && readStamp(stampOf(folder));
  if (!stamp) return false;
  const locks = locksOf(project, dev);
  return baseOf(folder) === stamp.base && locks.every((lock) => stamp.locks[basename(lock)] === hashOf([lock]));
}

/** The interpreter to which the environment's link leads; undefined if it does not exist any more. @param {string} folder */
function baseOf(folder) {
  try {
    return realpathSync(interpreterIn(folder));
  } catch {
    return undefined;
  }
}

/** @param {string} path */
const basename = (path) => path.split(/[\\/]/).pop() ?? path;

/**
 * Makes the environment or brings it up to date. Can be interrupted anywhere and repeated. Call under a lock.
 * @param {WorkerEnv} env
 * @param {{ log: string, progress: import("./progress.mjs").Progress, signal?: AbortSignal }} options
 */
export async function makeWorkerEnv(env, { log, progress, signal }) {
  const { folder, project, dev } = env;
  const python = interpreterIn(folder);
  const locks = locksOf(project, dev);
  checkDisk(folder, progress);
  await endLeftover(log);
  await makeVenv(folder, { log, progress, signal });
  rmSync(stampOf(folder), { force: true });
  const install = () =>
    steps(progress, `Python packages${dev ? " (with those of the tests)" : ""}`, (line) =>
      run(pipInstall(python, locks), { log, signal, line, env: pipEnvironment() }),
    );
  await install();
  let found = await inspectEnv([python], env);
  if (problemsOf(found).length > 0) {
    // An earlier pip was killed between the files of a package, and pip takes such a package for complete.
    progress.info("The environment is damaged; making it anew.");
    rmSync(begunOf(folder), { force: true });
    await makeVenv(folder, { log, progress, signal });
    await install();
    found = await inspectEnv([python], env);
  }
  if (problemsOf(found).length > 0) {
    throw new SetupError(
      `pip installed something else than the lock names: ${listPackages(problemsOf(found))}`,
      `pip's output is in ${log}.`,
    );
  }
  writeStamp(stampOf(folder), {
    base: baseOf(folder),
    python: found.python,
    locks: Object.fromEntries(locks.map((lock) => [basename(lock), hashOf([lock])])),
  });
}

/** @param {string} python @param {string[]} locks */
function pipInstall(python, locks) {
  const options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
  return [python, "-P", "-m", "pip", "install", ...options, ...locks.flatMap((lock) => ["-r", lock])];
}

/** Without the user's settings that would install elsewhere and leave the environment empty. */
function pipEnvironment() {
  const { PIP_TARGET: _, PIP_USER: __, PIP_PREFIX: ___, ...rest } = pythonEnvironment({ usersOwn: false });
  return rest;
}

/**
 * @param {string} folder
 * @param {{ log: string, progress: import("./progress.mjs").Progress, signal?: AbortSignal | undefined }} options
 */
async function makeVenv(folder, { log, progress, signal }) {
  const begun = whyBroken(folder) === undefined && readStamp(begunOf(folder));
  if (begun && begun.base === baseOf(folder) && (await hasPip(interpreterIn(folder)))) return;
  await steps(progress, "Python environment", async (line) => {
    const base = await findBasePython();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 }); // also a file, or a link to nowhere
    mkdirSync(dirname(folder), { recursive: true });
    const env = pythonEnvironment({ usersOwn: false });
    await run([...base.command, "-P", "-m", "venv", folder], { log, signal, line, env });
    writeStamp(begunOf(folder), { base: baseOf(folder), version: base.version });
    return `Python ${base.version}`;
  });
}

/** @param {string} python */
const hasPip = (python) =>
  promisify(execFile)(python, ["-P", "-m", "pip", "--version"], { timeout: 60_000, env: pipEnvironment() }).then(
    () => true,
    () => false,
  );

/**
 * @template T
 * @param {import("./progress.mjs").Progress} progress @param {string} name
 * @param {(line: (text: string) => void) => Promise<T>} work
 */
export async function steps(progress, name, work) {
  const step = progress.step(name);
  try {
    const note = await work(step.line);
    step.done(typeof note === "string" ? note : undefined);
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** @param {string} folder @param {import("./progress.mjs").Progress} progress */
function checkDisk(folder, progress) {
  for (const [place, name] of [
    [nearestExisting(folder), folder],
    [tmpdir(), "the folder for temporary files"],
  ]) {
    const free = freeBytes(place ?? "");
    if (free === undefined) continue;
    const have = `${Math.round(free / MB).toLocaleString("en-US")} MB are free for ${name}`;
    if (free < LEAST_DISK && name === folder) {
      throw new SetupError(
        `${have}; the worker's packages need about 2,000 MB (CPU build of torch) or 8,000 MB (CUDA build)`,
        "Free some space, or point LOR2C_PYTHON at an interpreter that has the packages.",
      );
    }
    if (free < LEAST_DISK) progress.info(`${have}; pip may need more (set TMPDIR to another folder)`);
  }
}

/** Free bytes for this user on the file system of `path`. @param {string} path */
export function freeBytes(path) {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** @param {string} path @returns {string} */
export function nearestExisting(path) {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

/**
 * Compares what an interpreter would import with the locks.
 * @param {string[]} python @param {{ project: string, dev: boolean, usersOwn?: boolean }} env
 * @returns {Promise<Inspection>}
 */
export async function inspectEnv([file = "", ...args], { project, dev, usersOwn = false }) {
  const locks = locksOf(project, dev).flatMap((lock) => ["--lock", lock]);
  const script = [join(project, "inspect_env.py"), "--project", join(project, "pyproject.toml"), ...locks];
  try {
    const options = { timeout: 60_000, env: pythonEnvironment({ usersOwn, first: [project] }) };
    const { stdout } = await promisify(execFile)(file, [...args, "-P", ...script], options);
    return JSON.parse(stdout);
  } catch (error) {
    const { stderr = "" } = /** @type {{ stderr?: string }} */ (error);
    throw new SetupError(
      `${file} could not say which packages it has`,
      "Its Python may be broken; the lines below are its own.",
      stderr.trim().split("\n").slice(-10),
    );
  }
}

/** Differences that an environment made by set-up must not have. @param {Inspection} found */
const problemsOf = ({ missing, unsuitable, different }) => [...missing, ...unsuitable, ...different];

/** @param {Package} entry */
const describePackage = ({ name, wanted, found }) =>
  found === null ? `${name}${wanted} is missing` : `${name} is ${found}, not ${wanted}`;

/** The first few of them as text. @param {Package[]} entries */
export function listPackages(entries) {
  const rest = entries.length - 4;
  return entries.slice(0, 4).map(describePackage).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}

/**
 * Checks an interpreter of the user's own (LOR2C_PYTHON). Installs nothing into it.
 * @param {string} own @param {{ project: string, dev: boolean }} env
 * @returns {Promise<string | undefined>} what differs from the lock, if anything does
 */
export async function checkOwnPython(own, { project, dev }) {
  const answer = await probe([own], true);
  if ("problem" in answer) {
    throw new SetupError(
      `LOR2C_PYTHON is ${own}: ${answer.problem}`,
      "Give the path of a Python interpreter, or unset LOR2C_PYTHON.",
    );
  }
  if (!isNewEnough(answer.version)) {
    throw new SetupError(
      `LOR2C_PYTHON is Python ${answer.version}; the worker needs ${OLDEST.join(".")} or newer`,
      "Point it at a newer one, or unset it.",
    );
  }
  const { missing, unsuitable, different } = await inspectEnv([own], { project, dev, usersOwn: true });
  if (missing.length + unsuitable.length > 0) {
    const lock = locksOf(project, dev).pop();
    throw new SetupError(
      `LOR2C_PYTHON lacks packages of the worker: ${listPackages([...missing, ...unsuitable])}`,
      `${own} -m pip install -r ${lock}`,
    );
  }
  return different.length > 0 ? listPackages(different) : undefined;
}
