import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import envPaths from "env-paths";
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

const interpreterIn = (environment: string): string =>
  process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");

/** Worker environment of an installed package; `lor2c setup` makes it. */
export const userEnvironment = (): string => join(envPaths("lor2c", { suffix: "" }).data, "worker-env");

/** Worker environment of a checkout; `npm run setup` makes it. */
export const checkoutEnvironment = (): string => packageFile("python-worker", ".venv");

/** The interpreter that runs the worker: the user's own, or the checkout's, or the one of `lor2c setup`. */
export async function findPython(environment: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const own = environment.LOR2C_PYTHON;
  if (own) return { command: [await ownInterpreter(own, environment)], source: "LOR2C_PYTHON", usersOwn: true };
  for (const [folder, source] of [
    [checkoutEnvironment(), "checkout"],
    [userEnvironment(), "lor2c setup"],
  ] as const) {
    if (await isExecutable(interpreterIn(folder))) return { command: [interpreterIn(folder)], source, usersOwn: false };
  }
  throw new WorkerError(
    "PYTHON_MISSING",
    `no Python environment for the worker: neither ${checkoutEnvironment()} nor ${userEnvironment()} exists`,
    "Run `npm run setup` in a checkout or `lor2c setup` after an install, or point LOR2C_PYTHON at an interpreter.",
  );
}

/** With `-P`, a file of the working folder with the name of a Python module is not imported instead of the module. */
export const workerCommand = (python: Python): string[] => [...python.command, "-P", "-m", "lor2c_worker"];

async function ownInterpreter(value: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const isPath = value.includes("/") || value.includes("\\");
  const folders = isPath ? [""] : (environment.PATH ?? "").split(delimiter);
  for (const folder of folders) {
    const candidate = isPath ? value : join(folder, value);
    if (await isExecutable(candidate)) return candidate;
  }
  throw new WorkerError(
    "PYTHON_MISSING",
    `LOR2C_PYTHON is ${value}, which is not a program`,
    "Give the path of a Python >= 3.11 that has the worker's packages, or unset LOR2C_PYTHON.",
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
