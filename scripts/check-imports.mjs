/**
 * The one-way flow of cli/, as a list of the imports that are allowed between its folders:
 *
 *     spec -> plan -> executors -> worker -> protocol -> job -> store -> views
 *
 * `node scripts/check-imports.mjs [FOLDER]` exits with 1 and names each import that is not in the list. It also exits
 * with 1 when it saw too few files or imports, since a checker that sees nothing finds nothing. Tests may import
 * anything. Biome finds circles (`noImportCycles` in biome.json).
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Folder (or file of cli/ itself) -> what its files may import besides their own folder. `type:` allows only
 * `import type`, which does nothing at run time.
 * @type {Record<string, string[]>}
 */
export const ALLOWED = {
  errors: [],
  "system-errors": ["errors"],
  // Translates stack traces of the bundle to the sources.
  "source-stack": ["spec"],
  "attempt-files": [],
  files: ["errors"],
  "file-endings": ["errors"],
  temporary: ["errors", "files"],
  "process-identity": ["errors"],
  protocol: ["errors"],
  spec: ["errors", "type:protocol"],
  worker: ["errors", "files", "temporary", "protocol", "spec", "scripts"],
  // Makes a spec from a look at a table.
  starter: ["errors", "type:protocol", "spec"],
  executors: ["errors", "attempt-files", "process-identity", "protocol", "type:spec", "worker"],
  plan: ["errors", "protocol", "spec", "type:store", "worker", "executors"],
  store: ["errors", "system-errors", "files", "process-identity", "protocol", "spec", "type:plan"],
  // Pure: means and intervals; stored runs beside published numbers.
  stats: [],
  paper: ["spec", "plan", "stats", "type:store"],
  // Writes the spec of stored runs.
  clone: ["errors", "spec", "plan", "store"],
  // Scores finished runs and untuned models on benchmarks.
  evaluate: ["errors", "files", "protocol", "spec", "store", "worker", "executors"],
  job: ["errors", "files", "attempt-files", "protocol", "spec", "plan", "store", "worker", "executors", "evaluate"],
  verify: ["errors", "files", "temporary", "protocol", "spec", "plan", "store", "worker", "executors", "job"],
  predict: ["errors", "files", "file-endings", "temporary", "protocol", "spec", "store", "worker", "verify"],
  // Writes adapters as folders for others, and puts them on a hub.
  share: ["errors", "files", "protocol", "spec", "store", "worker", "verify"],
  // A view shows stored runs, a plan or the reports of a running job; it starts nothing.
  views: [
    "errors",
    "scripts",
    "files",
    "attempt-files",
    "protocol",
    "type:spec",
    "plan",
    "store",
    "stats",
    "type:job",
    "type:evaluate",
    "type:worker",
    "type:paper",
    "type:export",
    "type:verify",
  ],
  // The full screen of `run` and `watch`: panes over a job's model or the store.
  screen: [
    "errors",
    "scripts",
    "files",
    "attempt-files",
    "protocol",
    "store",
    "views",
    "type:job",
    "type:plan",
    "type:evaluate",
  ],
  // Tables as files: what other programs read.
  export: ["type:store", "views"],
  // An experiment's results as one HTML file.
  report: ["errors", "store", "views"],
  doctor: ["errors", "files", "temporary", "spec", "store", "worker", "scripts"],
  commands: [
    ...["errors", "files", "file-endings", "type:protocol", "spec", "plan", "store", "worker", "executors", "job"],
    ...["evaluate", "verify", "predict", "share", "paper", "clone", "starter", "views", "screen", "export"],
    ...["report", "doctor", "scripts"],
  ],
  parser: ["errors", "spec", "views", "commands"],
  main: ["errors", "system-errors", "scripts", "source-stack", "views", "parser"],
};

/**
 * The relative imports of a source text: static, re-exports and `import()`.
 * @param {string} text @returns {{ target: string, typeOnly: boolean }[]}
 */
export function importsOf(text) {
  const statement = /^\s*(?:import|export)\s(type\s)?[^;"']*?["'](\.[^"']+)["']|\bimport\(\s*["'](\.[^"']+)["']\s*\)/gm;
  return [...text.matchAll(statement)].map(([, type, plain, dynamic]) => ({
    target: plain ?? dynamic ?? "",
    typeOnly: type !== undefined,
  }));
}

/** Every source under `folder` except tests and fixtures. @param {string} folder @returns {string[]} */
function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (/^fixture/.test(entry.name)) return [];
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** A whole checkout has at least so many. Raise it now and then; lower it only when cli/ has really shrunk. */
export const FLOOR = { files: 180, edges: 300 };

/**
 * @param {string} root checkout
 * @param {{ files: number, edges: number }} [floor]
 * @returns {{ files: number, edges: number, problems: string[] }}
 */
export function checkImports(root, floor = FLOOR) {
  const cli = join(root, "cli");
  const files = sources(cli);
  const units = new Set(files.map((file) => unitOf(relative(cli, file))));
  const problems = Object.keys(ALLOWED)
    .filter((unit) => !units.has(unit))
    .map((unit) => `cli/${unit} is in the list of scripts/check-imports.mjs and has no sources`);
  let edges = 0;
  for (const file of files) {
    const from = unitOf(relative(cli, file));
    const allowed = ALLOWED[from];
    const shown = relative(root, file).split(sep).join("/");
    if (!allowed) {
      problems.push(`${shown}: cli/${from} is not in the list of scripts/check-imports.mjs`);
      continue;
    }
    for (const { target, typeOnly } of importsOf(readFileSync(file, "utf8"))) {
      const to = unitOf(relative(cli, resolve(dirname(file), target)));
      if (to === from) continue;
      edges += 1;
      if (allowed.includes(to) || (typeOnly && allowed.includes(`type:${to}`))) continue;
      problems.push(`${shown}: ${from} may not import ${to}${typeOnly ? "" : " (at run time)"}: ${target}`);
    }
  }
  if (files.length < floor.files || edges < floor.edges) {
    problems.push(
      `saw ${files.length} files and ${edges} imports between folders, of at least ${floor.files} and ${floor.edges}`,
    );
  }
  return { files: files.length, edges, problems };
}

/** `spec/load.ts` -> `spec`, `errors.js` -> `errors`, `../scripts/env/python.mjs` -> `scripts`. @param {string} path */
function unitOf(path) {
  const parts = path.split(sep).filter((part) => part !== "..");
  return (parts[0] ?? "").replace(/\.[a-z]+$/, "");
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..");
  const { files, edges, problems } = checkImports(resolve(root));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`${files} files, ${edges} imports between folders, problems: ${problems.length}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
