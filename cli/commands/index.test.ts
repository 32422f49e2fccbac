import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { CommandModule } from "yargs";
import { importsOf } from "../../scripts/check-imports.mjs";
import { createParser } from "../parser.js";
import { packageFile, packageRoot } from "../spec/package-files.js";
import { commands } from "./index.js";

const verb = ({ command }: CommandModule): string => String(command).split(" ")[0] ?? "";
const program = packageFile("dist", "cli", "main.js");

describe("every verb", () => {
  test("is wired: no file of this folder that defines a command is left out", () => {
    const files = readdirSync(packageFile("cli", "commands")).filter((name) => /^[a-z-]+\.ts$/.test(name));
    const defining = files.filter((name) =>
      /^ {2}command: "/m.test(readFileSync(packageFile("cli", "commands", name), "utf8")),
    );
    expect(defining.map((name) => name.replace(".ts", "")).sort()).toEqual(commands.map(verb).sort());
    expect(commands.length).toBeGreaterThan(15);
  });

  test.each(commands.map((command) => [verb(command), command] as const))(
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
    for (const command of commands) expect(text, verb(command)).toMatch(new RegExp(`lor2c ${verb(command)}\\b`));
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

  test("answers --help in under 0.2 s", () => {
    // Processor time, since the other tests share these cores; and what Node alone needs more than on a machine at
    // rest is not counted.
    const hook = `process.on("exit", () => { const { user, system } = process.cpuUsage(); require("fs").writeSync(2, String((user + system) / 1000)); })`;
    const preload = join(mkdtempSync(join(tmpdir(), "lor2c-start-")), "cpu.cjs");
    writeFileSync(preload, hook);
    const milliseconds = (...args: string[]): number =>
      Math.min(
        ...Array.from({ length: 10 }, () =>
          Number(spawnSync(process.execPath, ["--require", preload, ...args], { encoding: "utf8" }).stderr),
        ),
      );
    const slowness = Math.max(1, milliseconds("-e", "0") / 45);
    expect(milliseconds(program, "--help") / slowness).toBeLessThan(200);
  }, 60_000);
});

describe("errors", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { encoding: "utf8", cwd: packageRoot() });

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

  test("a reader that goes away is no error", () => {
    const { status, stderr } = spawnSync("sh", ["-c", `"${process.execPath}" "${program}" explain | head -n 1`], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe("completion", () => {
  const ask = (...words: string[]) =>
    execFileSync(process.execPath, [program, "--get-completions", "lor2c", ...words], {
      encoding: "utf8",
      env: { ...process.env, SHELL: "bash", LOR2C_DB: "/no/such/lor2c.db" },
    }).split("\n");

  test("verbs, options, selectors of runs, keys of a spec; nothing where the shell completes files", () => {
    expect(ask("")).toEqual(expect.arrayContaining(commands.map(verb)));
    expect(ask("plan", "--")).toContain("--set");
    expect(ask("show", "")).toEqual(["@last", "@best", "@failed", ""]);
    expect(ask("explain", "train.l")).toContain("train.learning_rate");
    expect(ask("run", "")).toEqual(["", ""]);
  });

  test("in bash itself", () => {
    const script = `PATH="$1:$PATH"; eval "$(lor2c completion bash)"; COMP_WORDS=(lor2c explain train.learn); COMP_CWORD=2; _lor2c; echo "$COMPREPLY"`;
    const bin = join(packageRoot(), "node_modules", ".bin-test");
    execFileSync("mkdir", ["-p", bin]);
    execFileSync("ln", ["-sf", program, join(bin, "lor2c")]);
    execFileSync("chmod", ["+x", program]);
    expect(execFileSync("bash", ["-c", script, "bash", bin], { encoding: "utf8" }).trim()).toBe("train.learning_rate");
  });
});
