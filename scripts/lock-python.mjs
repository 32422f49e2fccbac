/**
 * Writes python-worker/requirements.lock and requirements-dev.lock: what pip resolves from pyproject.toml, exact, for
 * the oldest Python we support (its newest versions also serve the newer ones; the reverse is not true).
 *
 *     node scripts/lock-python.mjs PYTHON3.11
 *
 * It installs nothing. It leaves out local version parts (`+cpu`) and the packages of the CUDA build: the pip of each
 * machine decides which build of torch it gets and what that build needs.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "./env/python-environment.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "python-worker");
const DEVICE_PACKAGES = /^(nvidia-|cuda-|triton$)/;
/** Packages that only some machines need, as the packages say that require them. */
const MARKERS = {
  "hf-xet": 'platform_machine in "x86_64 amd64 AMD64 arm64 aarch64"',
};
/** Packages that other machines need than the one that resolves. */
const ELSEWHERE = ['colorama==0.4.6 ; sys_platform == "win32"'];

/** @param {string} python @param {string[]} requirements @returns {Map<string, string>} */
function resolve(python, requirements) {
  const temporary = mkdtempSync(join(tmpdir(), "lor2c-lock-"));
  try {
    const report = join(temporary, "report.json");
    // A fresh environment, so that no installed package counts as satisfied.
    const env = pythonEnvironment({ usersOwn: false });
    execFileSync(python, ["-P", "-m", "venv", join(temporary, "venv")], { env });
    const inside = join(temporary, "venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
    const options = ["--quiet", "--dry-run", "--ignore-installed", "--report", report];
    execFileSync(inside, ["-P", "-m", "pip", "install", ...options, ...requirements], { stdio: "inherit", env });
    /** @type {{ metadata: { name: string, version: string } }[]} */
    const install = JSON.parse(readFileSync(report, "utf8")).install;
    return new Map(
      install
        .map(
          ({ metadata }) => /** @type {[string, string]} */ ([normal(metadata.name), metadata.version.split("+")[0]]),
        )
        .filter(([name]) => !DEVICE_PACKAGES.test(name))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** @param {string} name */
const normal = (name) => name.toLowerCase().replace(/[-_.]+/g, "-");

/** @param {string} pin */
const nameOf = (pin) => pin.replace(/==.*/, "");

/** @param {Map<string, string>} versions */
const pins = (versions) =>
  [...versions].map(([name, version]) => {
    const marker = /** @type {Record<string, string>} */ (MARKERS)[name];
    return `${name}==${version}${marker ? ` ; ${marker}` : ""}`;
  });

/** The strings of a list in pyproject.toml. @param {string} text @param {string} key */
function list(text, key) {
  const body = new RegExp(`^${key} = \\[([\\s\\S]*?)^\\]`, "m").exec(text)?.[1] ?? "";
  return [...body.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "");
}

const python = process.argv[2];
if (!python) throw new Error("which Python 3.11? node scripts/lock-python.mjs PYTHON");
const project = readFileSync(join(folder, "pyproject.toml"), "utf8");
/** Without those that the worker imports from a folder beside its own. */
const fromElsewhere = list(project, "dependencies").filter(
  (requirement) =>
    !existsSync(join(folder, (/^[\w-]+/.exec(requirement)?.[0] ?? "").replaceAll("-", "_"), "pyproject.toml")),
);
const runtime = resolve(python, [...fromElsewhere, ...list(project, "gguf")]);
const everything = resolve(python, [...list(project, "dev"), ...pins(runtime)]);
const banner = "# GENERATED from pyproject.toml by scripts/lock-python.mjs.\n";
writeFileSync(
  join(folder, "requirements.lock"),
  `${banner}${[...pins(runtime), ...ELSEWHERE].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).join("\n")}\n`,
);
const extra = new Map([...everything].filter(([name]) => !runtime.has(name)));
writeFileSync(join(folder, "requirements-dev.lock"), `${banner}-r requirements.lock\n${pins(extra).join("\n")}\n`);
process.stdout.write(`${runtime.size} packages for the worker, ${extra.size} more for its tests\n`);
