import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { explain } from "./failures.mjs";
import { processStart } from "./process-start.mjs";
import { Interrupted, SetupError } from "./setup-error.mjs";
import { readStamp, writeStamp } from "./stamp.mjs";

/** How many lines of a failed program are shown; the log has its whole output. */
const TAIL = 40;

/**
 * @typedef {object} Run
 * @property {string} log file that takes all output
 * @property {AbortSignal} [signal] ends the program
 * @property {(line: string) => void} [line] called with each line of output
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 */

/**
 * Runs a program to its end. Throws a SetupError that says what its output means, with its last lines.
 * @param {string[]} command @param {Run} options @returns {Promise<string[]>} its last lines
 */
export async function run(command, options) {
  const { code, tail, missing } = await execute(command, options);
  if (options.signal?.aborted) throw new Interrupted();
  if (code === 0) return tail;
  if (missing) throw new SetupError(`${command[0]} is not installed`, "Install it, or put its folder on PATH.");
  const { problem, advice } = explain(tail.join("\n"));
  const output = tail.slice(-TAIL);
  throw new SetupError(
    problem ?? `${shown(command)} failed with exit code ${code}`,
    advice ?? `Its output is in ${options.log}.`,
    [...output, `(all of it: ${options.log})`],
  );
}

/**
 * @param {string[]} command @param {Run} options
 * @returns {Promise<{ code: number | null, tail: string[], missing: boolean }>}
 */
async function execute([file = "", ...args], { log, signal, line, cwd, env }) {
  mkdirSync(dirname(log), { recursive: true });
  appendFileSync(log, `\n$ ${shown([file, ...args])}\n`);
  const child = spawn(file, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, so that a signal reaches all that npm and pip start.
    detached: process.platform !== "win32",
    // .cmd files need a shell there
    shell: process.platform === "win32" && !file.includes("\\"),
  });
  if (child.pid) writeStamp(recordOf(log), { pid: child.pid, started: processStart(child.pid) });
  /** @type {string[]} */
  const tail = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (/** @type {string} */ chunk) => {
      appendFileSync(log, chunk);
      const lines = (rest + chunk).split(/\r\n|\r|\n/);
      rest = lines.pop() ?? "";
      for (const text of lines.filter(Boolean)) {
        tail.push(text);
        line?.(text);
      }
      // More lines than are shown, since the cause may be far above the end.
      if (tail.length > 2000) tail.splice(0, 1000);
    });
    stream.on("end", () => rest && tail.push(rest));
  }
  const stop = () => {
    signalGroup(child, "SIGTERM");
    setTimeout(() => signalGroup(child, "SIGKILL"), 5000).unref();
  };
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", (/** @type {NodeJS.ErrnoException} */ error) =>
        error.code === "ENOENT" ? resolve({ code: null, tail, missing: true }) : reject(error),
      );
      child.on("close", (code) => resolve({ code, tail, missing: false }));
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    rmSync(recordOf(log), { force: true });
  }
}

/** File that names the program which writes into this log now. @param {string} log */
const recordOf = (log) => `${log}.running`;

/**
 * Ends a program that a killed set-up left running, before it writes into what set-up makes now. Call under set-up's
 * lock.
 * @param {string} log
 */
export async function endLeftover(log) {
  const left = readStamp(recordOf(log));
  rmSync(recordOf(log), { force: true });
  while (left?.started && processStart(left.pid) === left.started) {
    try {
      process.kill(-left.pid, "SIGKILL");
    } catch {}
    await sleep(50);
  }
}

/** @param {string[]} command */
const shown = (command) => command.map((word) => (/[\s"']/.test(word) ? JSON.stringify(word) : word)).join(" ");

/** @param {import("node:child_process").ChildProcess} child @param {NodeJS.Signals} signal */
function signalGroup(child, signal) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {} // it has ended meanwhile
}
