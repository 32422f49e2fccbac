/**
 * Every check of the project, in order, each with its time; the last line is `N passed, N failed`: the tests of both
 * suites, and one for each static check.
 *
 *     node scripts/check.mjs [name ...]      # all, or these: types, biome, imports, unused, generated, ruff, ...
 *
 * Exits 1 when anything failed or a suite ran no test. Set-up comes before: `npm test` does both.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { interpreterIn } from "./env/interpreter.mjs";
import { pythonEnvironment } from "./env/python-environment.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const worker = join(root, "python-worker");
const results = mkdtempSync(join(tmpdir(), "lor2c-check-"));
const python = process.env.LOR2C_PYTHON || interpreterIn(join(worker, ".venv"));
const env = pythonEnvironment({ usersOwn: Boolean(process.env.LOR2C_PYTHON) });

/** Runs a program of node_modules with this Node, so that its bin script need not be executable. @param {string[]} path */
const ours = (...path) => [process.execPath, join(root, "node_modules", ...path)];

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {object} Check
 * @property {string} name
 * @property {string[]} [command]
 * @property {() => string[][]} [parts] instead of one command, several that run at the same time
 * @property {string} [cwd]
 * @property {() => Counts} [counts] of a suite: reads the counts from its report
 * @property {RegExp} [saw] finds in its output how many files it checked
 * @property {number} [atLeast] files it must have checked, since a check that sees three files finds nothing
 */

const TINY_GRID = join("results", "reference", "tiny-grid.yaml");
const TINY_REFERENCE = join("results", "reference", "tiny-grid.json");

/** @type {Check[]} */
const CHECKS = [
  { name: "types", command: [...ours("typescript", "bin", "tsc"), "-p", "tsconfig.json"] },
  {
    name: "biome",
    command: [...ours("@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings", "."],
    saw: /Checked (\d+) files/,
    atLeast: 300,
  },
  { name: "imports", command: [process.execPath, join("scripts", "check-imports.mjs")], saw: /.+ imports .+/ },
  // Unused files, exports and packages; its configuration lists the entry points. `binaries` is excluded because tests
  // start programs of the system, such as mkfifo, which belong to no package.
  { name: "unused", command: [...ours("knip", "bin", "knip.js"), "--no-progress", "--exclude", "binaries"] },
  { name: "build", command: [process.execPath, join("scripts", "build.mjs")] },
  { name: "generated", command: [process.execPath, join("dist", "scripts", "generate.js"), "--check"] },
  {
    name: "ruff",
    command: [
      python,
      "-m",
      "ruff",
      "check",
      "--config",
      "pyproject.toml",
      ".",
      "../scripts/bench",
      "../scripts/gpu",
      "../scripts/soak",
    ],
    cwd: worker,
  },
  {
    name: "ruff-format",
    command: [
      python,
      "-m",
      "ruff",
      "format",
      "--check",
      "--config",
      "pyproject.toml",
      ".",
      "../scripts/bench",
      "../scripts/gpu",
      "../scripts/soak",
    ],
    cwd: worker,
  },
  {
    name: "mypy",
    command: [python, "-m", "mypy"],
    cwd: worker,
    saw: /in (\d+) source files/,
    atLeast: 80,
  },
  {
    // The contracts in pyproject.toml, through import-linter: which package may import which, and no circles.
    name: "worker-imports",
    command: [python, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"],
    cwd: worker,
    saw: /Analyzed (\d+) files, \d+ dependencies/,
    atLeast: 100,
  },
  {
    // The numbers of a tiny grid, trained by the built program. Exit code 2, no comparison, is a failure like 1.
    name: "reference",
    command: [process.execPath, join("dist", "cli", "main.js"), "verify", TINY_GRID, "--against", TINY_REFERENCE],
    saw: /^same: \d+ runs gave all (\d+) values .*\ncompared .*/m,
    atLeast: 30, // across device classes fewer are compared than within one
  },
  {
    name: "vitest",
    command: [
      ...ours("vitest", "vitest.mjs"),
      ...["run", "--reporter=default", "--reporter=json", `--outputFile.json=${join(results, "vitest.json")}`],
    ],
    counts: vitestCounts,
  },
  {
    name: "pytest",
    parts: pytestParts,
    cwd: worker,
    counts: pytestCounts,
  },
];

/** @returns {Counts} */
function vitestCounts() {
  const report = JSON.parse(readFileSync(join(results, "vitest.json"), "utf8"));
  return {
    passed: report.numPassedTests,
    // A test file that could not be loaded has no tests that could fail.
    failed: report.numFailedTests + report.testResults.filter(isBroken).length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** @param {{ status: string, assertionResults: unknown[] }} file */
const isBroken = (file) => file.status === "failed" && file.assertionResults.length === 0;

/** Processes of pytest: one a core, since a test has one thread. Each holds torch and small models, about 1 GB. */
const PARTS = Math.min(availableParallelism(), 4);

/** All with the worker's test files, the largest first; each takes the next that no other has taken. */
function pytestParts() {
  const tests = join(worker, "tests");
  const files = readdirSync(tests, { recursive: true, encoding: "utf8" })
    .filter((name) => /(^|[\\/])test_[^\\/]*\.py$/.test(name))
    .map((name) => ({ path: join(tests, name), bytes: statSync(join(tests, name)).size }))
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ path }) => relative(worker, path));
  const taken = mkdtempSync(join(results, "taken-"));
  const command = [python, "-m", "pytest", "-p", "tests.sharing", `--taken=${taken}`];
  return Array.from({ length: PARTS }, (_, part) => [...command, `--junitxml=${reportOf(part)}`, ...files]);
}

/** @param {number} part */
const reportOf = (part) => join(results, `pytest-${part}.xml`);

/** Of all parts; throws when one has left no report. @returns {Counts} */
function pytestCounts() {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (let part = 0; part < PARTS; part++) {
    const report = readFileSync(reportOf(part), "utf8");
    const suite = /<testsuite ([^>]*)>/.exec(report)?.[1] ?? "";
    const count = (/** @type {string} */ name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const failed = count("failures") + count("errors");
    sum.passed += count("tests") - failed - count("skipped");
    sum.failed += failed;
    sum.skipped += count("skipped");
  }
  return sum;
}

/**
 * The output of a static check; a suite, or its first part, writes to this terminal directly, since it takes minutes,
 * and the other parts when all have ended.
 * @param {Check} check @returns {Promise<{ code: number, output: string }>}
 */
async function run({ command = [], parts = () => [command], cwd = root, counts }) {
  const ends = await Promise.all(parts().map((part, i) => start(part, cwd, counts !== undefined && i === 0)));
  const output = ends.map((end) => end.output).join("");
  if (counts) process.stdout.write(output);
  return { code: Math.max(...ends.map(({ code }) => code)), output: counts ? "" : output };
}

/**
 * @param {string[]} command @param {string} cwd @param {boolean} shown in this terminal as it comes
 * @returns {Promise<{ code: number, output: string }>}
 */
function start([file = "", ...args], cwd, shown) {
  return new Promise((resolve) => {
    const stdio = shown ? "inherit" : "pipe";
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", stdio, stdio] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 1, output: `${file}: ${error.message}\n` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** What a check adds to the sum. @param {Check} check @param {number} code @param {string} output @returns {Counts} */
function judge({ name, counts, saw, atLeast = 0 }, code, output) {
  if (!counts) {
    const seen = saw ? Number(saw.exec(output)?.[1] ?? 0) : 0;
    if (code === 0 && seen < atLeast) process.stdout.write(`${name} saw ${seen} files, of at least ${atLeast}\n`);
    return code === 0 && seen >= atLeast ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
  }
  try {
    const found = counts();
    if (found.passed + found.failed === 0) {
      process.stdout.write(`${name} ran no test\n`);
      return { ...found, failed: 1 };
    }
    // It failed without a failed test: an unhandled error, or a crash at its end.
    return code !== 0 && found.failed === 0 ? { ...found, failed: 1 } : found;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function main() {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !CHECKS.some((check) => check.name === name));
  if (unknown.length > 0)
    throw new Error(`no such check: ${unknown.join(", ")}; known: ${CHECKS.map((c) => c.name).join(", ")}`);
  const sum = { passed: 0, failed: 0 };
  for (const check of CHECKS) {
    if (names.length > 0 && !names.includes(check.name)) continue;
    const start = Date.now();
    if (check.counts) process.stdout.write(`--- ${check.name}\n`);
    const { code, output } = await run(check);
    const { passed, failed, skipped } = judge(check, code, output);
    sum.passed += passed;
    sum.failed += failed;
    if (failed > 0 && output) process.stdout.write(output.endsWith("\n") ? output : `${output}\n`);
    const detail = check.counts
      ? `, ${passed} passed${failed ? `, ${failed} failed` : ""}${skipped ? `, ${skipped} skipped` : ""}`
      : (check.saw?.exec(output) ?? []).slice(0, 1).map((said) => `, ${said.replace("\n", "; ")}`);
    process.stdout.write(
      `${failed > 0 ? "FAIL" : "ok  "} ${check.name} (${((Date.now() - start) / 1000).toFixed(1)} s${detail})\n`,
    );
  }
  process.stdout.write(`${sum.passed} passed, ${sum.failed} failed\n`);
  return sum.failed > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} finally {
  rmSync(results, { recursive: true, force: true });
}
