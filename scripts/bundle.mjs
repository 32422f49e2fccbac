/**
 * Bundles each program with its packages into a few files:
 *
 *     node scripts/bundle.mjs FOLDER
 *
 * Users get cli/; scripts/ and fixtures/ stay in the checkout. Without bundles each start would open several hundred
 * modules, which takes as many open files and 0.15 s. Each command's code is in files of its own, loaded when it runs.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Native code and fonts, which are found by their paths, and what ink loads for its own developers only. */
const OUTSIDE = [/^better-sqlite3/, /^@resvg\//, /^dejavu-fonts-ttf/, "react-devtools-core"];

/** Folder of dist -> its programs. */
const PROGRAMS = {
  cli: { main: "cli/main.ts" },
  scripts: { generate: "scripts/generate.ts" },
  fixtures: {
    "second-process": "cli/store/fixtures/child.ts",
    screen: "cli/screen/fixtures/screen-child.ts",
    "holds-a-worker": "cli/worker/fixtures/holds-a-worker.ts",
    "waits-for-ever": "cli/job/fixtures/waits-for-ever.ts",
    submits: "cli/executors/fixtures/submits.ts",
    "large-store": "cli/store/fixtures/large-child.ts",
  },
};

/** @param {Record<string, string>} input @param {string} folder @returns {Promise<string[]>} the modules in the bundle */
async function bundle(input, folder) {
  const { output } = await build({
    cwd: root,
    input,
    platform: "node",
    external: OUTSIDE,
    // Paths of sources stay under this folder, even if node_modules is a link. Several versions of string-width are
    // wanted; the newest one serves all, and measures plain text fast, which saves a third of the time of --help.
    resolve: { symlinks: false, alias: { "string-width": join(root, "node_modules", "string-width", "index.js") } },
    // Leaves out React's and ink's code for their own developers.
    transform: { define: { "process.env.NODE_ENV": '"production"', "process.env.DEV": '"false"' } },
    output: {
      dir: folder,
      format: "esm",
      sourcemap: true,
      sourcemapExcludeSources: true,
      entryFileNames: "[name].js",
      chunkFileNames: "chunks/[name].js",
      // One file has what every start needs. The entry is a file of its own: it awaits the command, so a file that the
      // command imports must not wait for the entry.
      codeSplitting: { groups: [{ name: "start", tags: ["$initial"], test: (id) => !isEntry(id, input) }] },
    },
    // A warning, such as a missing import, would become a crash for users, so it fails the build. Except for modules
    // that one place loads early and another one late: they are no mistake.
    onLog(level, log, handle) {
      if (level === "warn" && log.code !== "INEFFECTIVE_DYNAMIC_IMPORT") handle("error", log);
    },
  });
  return output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
}

/** @param {string} id @param {Record<string, string>} input */
const isEntry = (id, input) => Object.values(input).some((path) => resolve(root, path) === resolve(id));

/** The licence of each package in the bundle, since licences must accompany every copy. @param {string[]} modules */
function licences(modules) {
  const packages = new Set(modules.filter((id) => id.includes("node_modules")).map(packageFolder));
  return [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
    return `${name} ${version}${license ? ` (${license})` : ""}\n\n${text}\n`;
  });
}

/** Folder of a module's package: the first one above it with a named package.json. @param {string} id */
function packageFolder(id) {
  let folder = dirname(id);
  const named = () => {
    const manifest = join(folder, "package.json");
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version !== undefined;
  };
  while (!named() && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

const target = process.argv[2];
if (!target) throw new Error("into which folder? node scripts/bundle.mjs FOLDER");
for (const [folder, input] of Object.entries(PROGRAMS)) {
  const modules = await bundle(input, join(resolve(target), folder));
  if (folder !== "cli") continue;
  writeFileSync(join(target, folder, "THIRD-PARTY-LICENSES"), licences(modules).join(`\n${"-".repeat(80)}\n\n`));
  chmodSync(join(target, folder, "main.js"), 0o755); // `npx lor2c` starts the file itself
}
