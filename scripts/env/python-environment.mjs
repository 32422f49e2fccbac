/**
 * The variables of every Python that lor2c starts: the worker, set-up's and doctor's questions, the checks.
 *
 * All variables of the user are passed on (proxies, CUDA, Hugging Face, threads, a cluster's), except Python's own: these
 * can replace a locked package or a module of the standard library, or change what code does (PYTHONPATH, PYTHONHOME,
 * PYTHONSTARTUP, PYTHONOPTIMIZE, PYTHONWARNINGS and so on).
 *
 * @typedef {Record<string, string | undefined>} Environment
 */
import { delimiter, isAbsolute } from "node:path";

/** Passed on to every interpreter: they say where compiled files go, or what a crash prints. */
const HARMLESS = ["PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONFAULTHANDLER"];
/** Where an interpreter of the user's own finds its packages. On clusters `module load` sets some of them. */
const PLACES = ["PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONPLATLIBDIR"];

/** Names of Python's own variables, by which a launcher on macOS tells the interpreter where it is. @param {string} name */
const isPythons = (name) => /^(PYTHON|__PYVENV_LAUNCHER__$)/i.test(name);

/** @param {string} name @param {boolean} usersOwn */
const isPassedOn = (name, usersOwn) =>
  !isPythons(name) || HARMLESS.includes(name) || (usersOwn && PLACES.includes(name));

/**
 * The whole environment of an interpreter. `first`: folders from which it imports before all others.
 * @param {{ usersOwn: boolean, first?: string[] }} python whether LOR2C_PYTHON names it
 * @param {Environment} [outer]
 * @returns {Environment}
 */
export function pythonEnvironment({ usersOwn, first = [] }, outer = process.env) {
  const kept = Object.entries(outer).filter(([name]) => isPassedOn(name, usersOwn));
  const { PYTHONPATH, ...rest } = Object.fromEntries(kept);
  const path = [...first, ...foldersOf(PYTHONPATH)].join(delimiter);
  return {
    ...rest,
    ...(path && { PYTHONPATH: path }),
    // The packages of `pip install --user` come before an environment's own, where it admits them at all.
    ...(!usersOwn && { PYTHONNOUSERSITE: "1" }),
    PYTHONUTF8: "1",
  };
}

/** Python's own variables that the user has set and this interpreter does not get. @param {boolean} usersOwn @param {Environment} [outer] */
export function withheld(usersOwn, outer = process.env) {
  return Object.keys(outer)
    .filter((name) => outer[name] && !isPassedOn(name, usersOwn))
    .sort();
}

/** An empty or relative entry stands for a place in the working folder, where a data set may have a random.py. @param {string | undefined} path */
const foldersOf = (path) => (path ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
