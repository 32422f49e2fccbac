import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { satisfies } from "../../scripts/env/node-range.mjs";
import { messageOf } from "../errors.js";
import { packageFile, packageRoot } from "../spec/package-files.js";
import { isCheckout } from "../worker/python.js";
import { fail, ok, type Row, warn } from "./row.js";

const run = promisify(execFile);

/** Node, npm, this program, and the one native module. */
export async function nodeRows(version = process.versions.node): Promise<Row[]> {
  const manifest = JSON.parse(readFileSync(packageFile("package.json"), "utf8"));
  const range: string = manifest.engines.node;
  const node = satisfies(version, range)
    ? ok("node", version)
    : fail("node", `${version}, not ${range}`, "Install a Node LTS release.");
  return [node, await npmRow(), ok("lor2c", `${manifest.version} in ${packageRoot()}`), await nativeRow()];
}

async function npmRow(): Promise<Row> {
  try {
    const { stdout } = await run("npm", ["--version"], { timeout: 20_000, shell: process.platform === "win32" });
    return ok("npm", stdout.trim());
  } catch {
    return warn("npm", "not found", "Runs don't need it; set-up and updates do.");
  }
}

/** Uses a process of its own, because a module built for another Node can crash the process that loads it. */
async function nativeRow(): Promise<Row> {
  const entry = createRequire(import.meta.url).resolve("better-sqlite3");
  const code = `const d = new (require(${JSON.stringify(entry)}))(":memory:"); console.log(d.prepare("select sqlite_version()").pluck().get())`;
  try {
    const { stdout } = await run(process.execPath, ["-e", code], { timeout: 20_000 });
    return ok("sqlite", `${stdout.trim()} through better-sqlite3`);
  } catch (error) {
    const cause = messageOf(error)
      .split("\n")
      .find((line) => /Error:/.test(line));
    return fail("sqlite", `better-sqlite3 does not load: ${cause ?? messageOf(error)}`, await rebuildAdvice());
  }
}

/** A compiler is needed only without a prebuilt module, which is when the module does not load. */
async function rebuildAdvice(): Promise<string> {
  const lacking = [];
  if (!(await answers("make"))) lacking.push("make");
  if (!(await answers("c++")) && !(await answers("g++")) && !(await answers("clang++"))) lacking.push("a C++ compiler");
  const first = lacking.length > 0 && process.platform !== "win32" ? `Install ${lacking.join(" and ")}, then: ` : "";
  const where = isCheckout() ? "" : " in the folder where lor2c is installed";
  return `${first}\`npm rebuild better-sqlite3\`${where}.`;
}

const answers = (program: string): Promise<boolean> =>
  run(program, ["--version"], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );
