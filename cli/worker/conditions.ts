import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { cpus, hostname } from "node:os";
import { join } from "node:path";
import { pythonEnvironment } from "../../scripts/env/python-environment.mjs";
import { packageFile } from "../spec/package-files.js";
import { requireTemporaryFolder } from "../temporary.js";
import { findPython, type Python, workerCommand } from "./python.js";
import { stampOf } from "./stamp.js";

/** Variables of a terminal or a shell, which differ between terminals and change no answer. */
const SESSION =
  /^(_|PWD|OLDPWD|SHLVL|TERM.*|COLORTERM|COLUMNS|LINES|WINDOWID|DISPLAY|TMUX.*|STY|SSH_.*|XDG_SESSION_.*|LOR2C_DB|NO_COLOR|FORCE_COLOR|PS\d|npm_.*)$/;

/** Files that show the driver's GPUs without starting it. */
const DRIVER = ["/proc/driver/nvidia/gpus", "/proc/driver/nvidia/capabilities"];

/**
 * What a worker's answers on this machine depend on besides the question and the files that it reads: its interpreter
 * and code, this machine, and every variable that it gets except those that are known not to matter.
 */
export async function localConditions(
  env: Record<string, string | undefined>,
  commandOverride?: readonly string[],
): Promise<unknown> {
  requireTemporaryFolder(); // also where a kept answer makes a worker needless, so that a job fails before its first run
  const python = commandOverride ? undefined : await findPython();
  const command = commandOverride ?? workerCommand(python as Python);
  const passedOn = pythonEnvironment({ usersOwn: python?.usersOwn ?? false }, env);
  const variables = Object.entries(passedOn).filter(([name, value]) => value !== undefined && !SESSION.test(name));
  return {
    command: command.map((part) => [part, stampOf(part)]),
    interpreter: realPath(command[0] ?? ""),
    code: ["lor2c_worker", "lor2c_peft"].map((name) => codeHash(packageFile("python-worker", name))),
    variables: variables.sort(([a], [b]) => (a < b ? -1 : 1)),
    folder: process.cwd(),
    machine: [hostname(), process.platform, process.arch, cpus()[0]?.model, cpus().length],
    driver: [...DRIVER.map(namesIn), textOf("/proc/driver/nvidia/version")],
    devices: namesIn("/dev")?.filter((name) => name.startsWith("nvidia")),
  };
}

function codeHash(folder: string): string {
  const hash = createHash("sha256");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(py|toml)$/.test(name));
  for (const name of files.sort()) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

const namesIn = (folder: string): string[] | null => orNull(() => readdirSync(folder).sort());
const textOf = (file: string): string | null => orNull(() => readFileSync(file, "utf8"));
const realPath = (path: string) => orNull(() => [realpathSync(path), stampOf(realpathSync(path))]);

function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
