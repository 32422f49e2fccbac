import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import envPaths from "env-paths";
import { interpreterIn, isThere, whyBroken, whyNoProgram } from "../../scripts/env/interpreter.mjs";
import { WorkerError } from "../errors.js";
import { packageFile } from "../spec/package-files.js";

export interface Python {
  /** Program and leading arguments that start the interpreter. */
  command: string[];
  /** Where it comes from, for `doctor` and logs. */
  source: string;
  /** Named by LOR2C_PYTHON: the user decides where its packages come from. */
  usersOwn: boolean;
}

/** Worker environment of an installed package; `lor2c setup` makes it. */
export const userEnvironment = (): string => join(envPaths("lor2c", { suffix: "" }).data, "worker-env");

/** Worker environment of a checkout; `npm run setup` makes it. */
export const checkoutEnvironment = (): string => packageFile("python-worker", ".venv");

/** Whether this is a checkout, which `npm run setup` sets up, and not an installed package. */
export const isCheckout = (): boolean => existsSync(packageFile("scripts", "bootstrap.mjs"));

/** How to make or repair the environment that comes with this installation. */
export const setupCommand = (): string => (isCheckout() ? "npm run setup" : "lor2c setup");

/** The interpreter that runs the worker: the user's own, or the checkout's, or the one of `lor2c setup`. */
export async function findPython(environment: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const own = environment.LOR2C_PYTHON;
  if (own) return { command: [ownInterpreter(own, environment)], source: "LOR2C_PYTHON", usersOwn: true };
  for (const [folder, source] of [
    ...(isCheckout() ? [[checkoutEnvironment(), "checkout"] as const] : []),
    [userEnvironment(), "lor2c setup"] as const,
  ]) {
    const problem = whyBroken(folder);
    // Another environment, further on, may have other versions: say so rather than take it.
    if (problem) throw new WorkerError("PYTHON_BROKEN", problem, `\`${setupCommand()}\` makes it anew.`);
    if (isThere(folder)) return { command: [interpreterIn(folder)], source, usersOwn: false };
  }
  throw new WorkerError(
    "PYTHON_MISSING",
    `no Python environment for the worker: ${places()}`,
    "Run `npm run setup` in a checkout or `lor2c setup` after an install, or point LOR2C_PYTHON at an interpreter.",
  );
}

const places = (): string =>
  isCheckout()
    ? `neither ${checkoutEnvironment()} nor ${userEnvironment()} exists`
    : `${userEnvironment()} does not exist`;

/** With `-P`, a file of the working folder with the name of a Python module is not imported instead of the module. */
export const workerCommand = (python: Python): string[] => [...python.command, "-P", "-m", "lor2c_worker"];

function ownInterpreter(value: string, environment: NodeJS.ProcessEnv): string {
  const isPath = value.includes("/") || value.includes("\\");
  const folders = isPath ? [""] : (environment.PATH ?? "").split(delimiter);
  for (const folder of folders) {
    const candidate = isPath ? value : join(folder, value);
    if (isThere(candidate) && whyNoProgram(candidate) === undefined) return candidate;
  }
  const problem = isPath && isThere(value) ? whyNoProgram(value) : isPath ? "does not exist" : "is no program on PATH";
  throw new WorkerError(
    "PYTHON_MISSING",
    `LOR2C_PYTHON is ${value}, which ${problem}`,
    "Give the path of a Python >= 3.11 that has the worker's packages, or unset LOR2C_PYTHON.",
  );
}
