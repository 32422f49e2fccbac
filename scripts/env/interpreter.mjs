import { accessSync, constants, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** @param {string} environment folder of a virtual environment */
export const interpreterIn = (environment) =>
  process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");

/**
 * What makes a virtual environment unusable, as far as files tell: e.g. `/x/.venv is there, but its interpreter is gone
 * (-> /opt/python3.11)`, as after an upgrade of Python. Undefined: nothing, or no such environment was ever made.
 * @param {string} environment
 * @returns {string | undefined}
 */
export function whyBroken(environment) {
  if (!isThere(environment)) return undefined;
  const outer = whyNoProgram(environment, true);
  if (outer) return `${environment} ${outer}`;
  const interpreter = interpreterIn(environment);
  const problem = isThere(interpreter)
    ? (whyNoProgram(interpreter) ?? whyOtherVersion(environment, interpreter))
    : `is missing (${interpreter})`;
  return problem && `${environment} is there, but its interpreter ${problem}`;
}

/** Whether something has this name, if only a link to nowhere. @param {string} path */
export const isThere = (path) => Boolean(lstatSync(path, { throwIfNoEntry: false }));

/**
 * Why there is no program (or folder) at `path`, where something is; undefined: there is.
 * @param {string} path @param {boolean} [folder] @returns {string | undefined}
 */
export function whyNoProgram(path, folder = false) {
  try {
    const isFolder = statSync(path).isDirectory();
    if (folder) return isFolder ? undefined : "is a file, not an environment";
    if (isFolder) return "is a folder";
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOENT") return `is gone (-> ${endOf(path)})`;
    return code === "ELOOP" ? "is a link to itself" : `cannot be looked at (${message})`;
  }
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return "may not be executed";
  }
}

/** Where a chain of links leads, though nothing is there. @param {string} path @returns {string} */
const endOf = (path) => (isThere(path) ? endOf(resolve(dirname(path), readlinkSync(path))) : path);

/** Packages lie in a folder of the Python that made the environment, and another one does not look there. @param {string} environment @param {string} interpreter */
function whyOtherVersion(environment, interpreter) {
  const program = realpathSync(interpreter);
  const version = /^python(\d+\.\d+)$/.exec(basename(program))?.[1];
  const packages = foldersIn(join(environment, "lib")).flatMap((name) => /^python(\d+\.\d+)$/.exec(name)?.[1] ?? []);
  if (!version || packages.length === 0 || packages.includes(version)) return undefined;
  return `is Python ${version} now (-> ${program}), while its packages are for ${packages.join(" and ")}`;
}

/** @param {string} folder */
function foldersIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
