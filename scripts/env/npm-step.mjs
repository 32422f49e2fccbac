import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { endLeftover, run } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";
import { hashOf, readStamp, writeStamp } from "./stamp.mjs";
import { freeBytes, steps } from "./worker-env.mjs";

/** About the bytes of node_modules. */
const NEEDED = 400 * 2 ** 20;

/**
 * Runs `npm ci`, unless the packages of the lock are already installed.
 * @param {string} root
 * @param {{ log: string, progress: import("./progress.mjs").Progress, signal: AbortSignal }} options
 */
export function npmStep(root, { log, progress, signal }) {
  const stamp = join(root, "node_modules", ".lor2c-stamp.json");
  const files = [join(root, "package-lock.json")];
  // A native module works with one ABI of Node on one kind of machine.
  const key = () => hashOf(files, [process.versions.modules, process.platform, process.arch]);
  return {
    isCurrent: () => readStamp(stamp)?.key === key(),
    make: async () => {
      // After `npm ci` or `npm install` by hand there is nothing to do.
      if (!(isInstalled(root) && nativeProblem(root) === undefined)) await install();
      writeStamp(stamp, { key: key() });
    },
  };

  async function install() {
    const free = freeBytes(root);
    if (free !== undefined && free < NEEDED) {
      throw new SetupError(
        `${Math.round(free / 2 ** 20)} MB are free here; npm's packages need about 400 MB`,
        "Free some space.",
      );
    }
    await endLeftover(log);
    // --include=dev, since NODE_ENV=production would leave out the compiler.
    const command = [...npm(), "ci", "--include=dev", "--no-audit", "--no-fund"];
    await steps(progress, "npm packages", (line) => run(command, { log, signal, line, cwd: root }));
    const problem = nativeProblem(root);
    if (problem === undefined) return;
    throw new SetupError(
      `better-sqlite3 was installed but does not load: ${problem}`,
      "Its install script may not have run (npm's ignore-scripts setting?): `npm rebuild better-sqlite3 --ignore-scripts=false`.",
    );
  }
}

/** The npm that called this program, not another one on PATH. */
function npm() {
  const path = process.env.npm_execpath;
  return path?.endsWith(".js") ? [process.execPath, path] : ["npm"];
}

/** Whether npm's own record of what it installed has every package of the lock. @param {string} root */
function isInstalled(root) {
  const installed = packagesIn(join(root, "node_modules", ".package-lock.json"));
  const wanted = packagesIn(join(root, "package-lock.json"));
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || (entry.optional && !installed[path])) return true;
    return installed[path]?.version === entry.version && existsSync(join(root, path));
  });
}

/** @param {string} file @returns {Record<string, { version: string, optional?: boolean }> | undefined} */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** Why the native module does not work; undefined if it does. Tried in its own process, which may crash. @param {string} root */
function nativeProblem(root) {
  try {
    const code = 'new (require("better-sqlite3"))(":memory:").close()';
    execFileSync(process.execPath, ["-e", code], { cwd: root, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
    return undefined;
  } catch (error) {
    const { stderr = "" } = /** @type {{ stderr?: string }} */ (error);
    return stderr.split("\n").find((line) => /Error/.test(line)) ?? "it ends the process";
  }
}
