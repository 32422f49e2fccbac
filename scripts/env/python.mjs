import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pythonEnvironment } from "./python-environment.mjs";
import { SetupError } from "./setup-error.mjs";

/** Oldest Python that the worker runs on: pyproject.toml's `requires-python`. */
export const OLDEST = [3, 11];
/** First the versions that the lock file was resolved and tested for, then any newer `python3`. */
const NAMES = ["python3.13", "python3.12", "python3.11", "python3", "python"];

/** With `-c` the first place for imports is the working folder, whatever lies there; -P would be unknown to an old Python. */
const QUESTION =
  "import sys\nsys.path[:] = filter(None, sys.path)\nimport json\n" +
  "try:\n import venv, ensurepip\n can = True\n" +
  "except ImportError:\n can = False\n" +
  "print(json.dumps({'version': '.'.join(map(str, sys.version_info[:3])), 'executable': sys.executable, 'venv': can}))";

/**
 * @typedef {object} Interpreter
 * @property {string[]} command program and leading arguments
 * @property {string} version such as `3.11.7`
 * @property {string} executable
 * @property {boolean} venv whether it can make virtual environments
 */

/**
 * Asks a program which Python it is.
 * @param {string[]} command @param {boolean} [usersOwn]
 * @returns {Promise<Interpreter | { command: string[], problem: string }>}
 */
export async function probe(command, usersOwn = false) {
  const [file = "", ...args] = command;
  try {
    const options = { timeout: 20_000, env: pythonEnvironment({ usersOwn }) };
    const { stdout } = await promisify(execFile)(file, [...args, "-c", QUESTION], options);
    const answer = JSON.parse(stdout);
    if (typeof answer.version !== "string") throw new Error("no version");
    return { command, ...answer };
  } catch (error) {
    const { code, killed } = /** @type {{ code?: string | number, killed?: boolean }} */ (error);
    if (code === "ENOENT") return { command, problem: "not found" };
    if (killed) return { command, problem: "did not answer within 20 seconds" };
    return {
      command,
      problem: typeof code === "number" ? `ends with exit code ${code}` : "does not answer as Python does",
    };
  }
}

/** @param {string} version */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > (OLDEST[0] ?? 0) || (major === OLDEST[0] && minor >= (OLDEST[1] ?? 0));
}

/** The Python that makes the worker's environment. @returns {Promise<Interpreter>} */
export async function findBasePython() {
  const commands = [...NAMES.map((name) => [name]), ...(process.platform === "win32" ? [["py", "-3"]] : [])];
  const seen = [];
  for (const command of commands) {
    const answer = await probe(command);
    if ("problem" in answer) {
      if (answer.problem !== "not found") seen.push(`${command.join(" ")} ${answer.problem}`);
    } else if (!isNewEnough(answer.version)) seen.push(`${command.join(" ")} is ${answer.version}`);
    else if (!answer.venv) seen.push(`${command.join(" ")} is ${answer.version} but lacks the venv module`);
    else return answer;
  }
  const lacksVenv = seen.some((text) => text.endsWith("venv module"));
  throw new SetupError(
    `no Python >= ${OLDEST.join(".")}${lacksVenv ? " that can make virtual environments" : ""} was found${seen.length > 0 ? ` (${seen.join("; ")})` : ""}`,
    lacksVenv
      ? "On Debian and Ubuntu: `sudo apt-get install python3-venv`."
      : "Install one (Debian and Ubuntu: `sudo apt-get install python3 python3-venv`), or point LOR2C_PYTHON at an interpreter.",
  );
}
