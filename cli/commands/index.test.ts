import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { importsOf } from "../../scripts/check-imports.mjs";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { createParser } from "../parser.js";
import { packageFile, packageRoot } from "../spec/package-files.js";
import { sampleCell } from "../store/fixtures/sample.js";
import { openStore } from "../store/store.js";
import { registerExperiment } from "../store/write.js";
import { verbOf } from "./command.js";
import { commands } from "./index.js";

describe("every verb", () => {
  test("is in the list: every file of this folder that defines a command", () => {
    const files = readdirSync(packageFile("cli", "commands")).filter((name) => /^[a-z-]+\.ts$/.test(name));
    const defining = files.filter((name) =>
      /^ {2,4}command: "/m.test(readFileSync(packageFile("cli", "commands", name), "utf8")),
    );
    expect(defining.map((name) => name.replace(".ts", "")).sort()).toEqual(commands.map(verbOf).sort());
    expect(commands.length).toBeGreaterThan(15);
  });

  test.each(commands.map((command) => [verbOf(command), command] as const))(
    "%s: description and example",
    async (name, command) => {
      expect(command.describe).toBeTruthy();
      let help = "";
      await createParser([]).parseAsync([name, "--help"], {}, (_error, _argv, output) => {
        help = output;
      });
      expect(help).toContain(`lor2c ${name}`);
      expect(help.split("Examples:")[1]).toContain(name);
    },
  );

  test("is mentioned in the README or a page of docs/", () => {
    const pages = [
      packageFile("README.md"),
      ...readdirSync(packageFile("docs")).map((name) => packageFile("docs", name)),
    ];
    const text = pages.map((page) => readFileSync(page, "utf8")).join("\n");
    for (const command of commands) expect(text, verbOf(command)).toMatch(new RegExp(`lor2c ${verbOf(command)}\\b`));
  });
});

/** Packages that are loaded before a handler runs. */
function loadedAtStart(file: string, seen = new Set<string>(), packages = new Set<string>()): Set<string> {
  if (seen.has(file)) return packages;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  for (const [, name = ""] of text.matchAll(/^import (?!type)[^;]*?from "([^".][^"]*)"/gm)) packages.add(name);
  for (const { target, typeOnly } of importsOf(text)) {
    const dynamic = new RegExp(`import\\(\\s*"${target.replace(/[.]/g, "\\.")}"`).test(text);
    if (!typeOnly && !dynamic) loadedAtStart(resolve(dirname(file), target.replace(/\.js$/, ".ts")), seen, packages);
  }
  return packages;
}

describe("start", () => {
  test("loads yargs and Node's own modules, nothing else", () => {
    const packages = [...loadedAtStart(packageFile("cli", "main.ts"))].filter((name) => !name.startsWith("node:"));
    expect(packages).toEqual(["yargs"]);
  });

  test("help for a command opens few files, and not those of SQLite, ink and the like", () => {
    const told = 'process.on("exit", () => require("fs").writeSync(2, Object.keys(require.cache).join("\\n")))';
    const hook = join(tempFolder(), "loaded.cjs");
    writeFileSync(hook, told);
    for (const args of [["--help"], ["ls", "--help"], ["run", "--help"], ["heatmap", "--help"]]) {
      const { status, stderr } = spawnSync(process.execPath, ["--require", hook, PROGRAM, ...args], {
        encoding: "utf8",
      });
      expect([status, stderr.split("\n")]).toEqual([0, [hook]]);
    }
  });

  // Node itself has about twenty. Loading several hundred modules at once would need as many.
  test.each([
    [["--help"], 0],
    [["validate", "configs/quickstart.yaml"], 0],
    [["schema"], 0],
    [["explain", "train.learning_rate"], 0],
    [["paper", "table1", "--db", "no-such.db"], 2],
    [["ls", "--db", "no-such.db"], 2],
    [["heatmap", "--format", "png", "--db", "no-such.db"], 2],
  ])("%j works with 40 file descriptors", (args, expected) => {
    const command = ["-c", 'ulimit -n 40; exec "$@"', "sh", process.execPath, PROGRAM, ...args];
    const { status, stderr } = spawnSync("sh", command, { encoding: "utf8", cwd: packageRoot() });
    expect([status, stderr]).toEqual([expected, expected === 0 ? "" : expect.stringContaining("there is no database")]);
  });
});

describe("errors", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [PROGRAM, ...args], { encoding: "utf8", cwd: packageRoot() });

  test.each([
    [[], /A command is missing/, "lor2c --help"],
    [["plam", "x.yaml"], /There is no command plam\. Did you mean plan\?/, "lor2c --help"],
    [["nosuch"], /There is no command nosuch\./, "lor2c --help"],
    [["run", "--nosuch", "x"], /It is `lor2c run <file>`: something is missing/, "lor2c run --help"],
    [["plan"], /It is `lor2c plan <file>`: something is missing/, "lor2c plan --help"],
    [["ls", "--jsn"], /Unknown argument: jsn/, "lor2c ls --help"],
  ])("%j: one line, the next step, exit 2", (args, message, hint) => {
    const { status, stdout, stderr } = run(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toContain(`See \`${hint}\`.`);
    expect(stderr).not.toContain("    at ");
  });

  test("with --json: an object on stderr", () => {
    const { status, stderr } = run("show", "nothing", "--json", "--db", join(packageRoot(), "no-such.db"));
    expect(status).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "DATABASE_MISSING" } });
  });

  test("a reader that closes the pipe is no error", () => {
    const { status, stderr } = spawnSync("sh", ["-c", `"${process.execPath}" "${PROGRAM}" explain | head -n 1`], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe("completion", () => {
  const ask = (...words: string[]) =>
    execFileSync(process.execPath, [PROGRAM, "--get-completions", "lor2c", ...words], {
      encoding: "utf8",
      env: { ...process.env, SHELL: "bash", LOR2C_DB: "/no/such/lor2c.db" },
    }).split("\n");

  test("verbs, options, selectors of runs, keys of a spec; no words where the shell completes files", () => {
    expect(ask("")).toEqual(expect.arrayContaining(commands.map(verbOf)));
    expect(ask("plan", "--")).toContain("--set");
    expect(ask("show", "")).toEqual(["@last", "@best", "@failed", ""]);
    expect(ask("explain", "train.l")).toContain("train.learning_rate");
    expect(ask("run", "")).toEqual(["", ""]);
  });

  test("keys after --set, which wait for a value", () => {
    expect(ask("run", "a.yaml", "--set", "train.l")).toContain("train.learning_rate=");
    expect(ask("run", "a.yaml", "--set=train.l")).toContain("--set=train.learning_rate=");
  });

  test("in bash itself: at its word breaks, and with a name that a shell would carry out", () => {
    const folder = tempFolder();
    const store = openStore(join(folder, "lor2c.db"));
    const stored = { specFile: null, specText: "", cells: [sampleCell("a".repeat(16))] };
    for (const name of ["$(touch carried-out)", "two words", "new\nline"])
      registerExperiment(store, { name, ...stored });
    store.close();
    execFileSync("ln", ["-s", PROGRAM, join(folder, "lor2c")]);
    execFileSync("chmod", ["+x", PROGRAM]);
    const script = `PATH="$PWD:$PATH"; eval "$(lor2c completion bash)"
      for COMP_LINE in "$@"; do COMP_POINT=\${#COMP_LINE}; _lor2c; (IFS=,; echo "\${COMPREPLY[*]}"); done`;
    const lines = [
      "explain train.learn",
      "show @b",
      "show @",
      "run x --set train.learning",
      "retry two\\ w",
      "retry ",
      "ls --where method.ra",
      "ls --sort -method.ra",
    ];
    const answers = execFileSync("bash", ["-c", script, "bash", ...lines.map((line) => `lor2c ${line}`)], {
      cwd: folder,
      env: { ...process.env, LOR2C_DB: "lor2c.db" },
      encoding: "utf8",
    }).split("\n");
    expect(answers.slice(0, 5)).toEqual([
      "train.learning_rate",
      "best",
      "last,best,failed",
      "train.learning_rate=",
      "two\\ words",
    ]);
    expect(answers[5]).toContain("\\$\\(touch\\ carried-out\\)");
    expect(answers.slice(6, 8)).toEqual(["method.rank", "-method.rank"]);
    expect(answers[5]).not.toContain("line");
    expect(readdirSync(folder)).not.toContain("carried-out");
  });
});
