/** A command or a view in its registry is in help, completion and errors, with no other change. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { complete, createParser } from "../parser.js";
import { packageFile } from "../spec/package-files.js";
import { disposableFolder, sampleCell } from "../store/fixtures/sample.js";
import { openStore } from "../store/store.js";
import { registerExperiment } from "../store/write.js";
import { VIEWS } from "../views/index.js";
import { loadEach, textOfEach, type View, type ViewEntry } from "../views/view.js";
import type { Command } from "./command.js";
import { commands } from "./index.js";
import { showCommand } from "./show.js";

const pie: View<string> = {
  load: loadEach((_store, run) => `slices of ${run.label}`),
  text: textOfEach((data) => data),
  svg: async (shown) => `<svg>${shown.length}</svg>`,
};
const withPie: ViewEntry[] = [...VIEWS, { name: "pie", describe: "A cake", open: async () => pie }];
const show = showCommand(withPie) as unknown as Command;
const list = [
  ...commands.filter(({ command }) => !command.startsWith("show ")),
  show,
  {
    command: "bake <thing>",
    describe: "Bake it",
    complete: () => ["bread"],
    builder: (yargs) => yargs,
    handler: () => {},
  } satisfies Command as Command,
];

let temp: { folder: string; remove: () => void };
let written: string;
const output = { stdout: process.stdout.write };
beforeEach(() => {
  temp = disposableFolder();
  const path = join(temp.folder, "lor2c.db");
  vi.stubEnv("LOR2C_DB", path);
  const store = openStore(path);
  const cells = [
    sampleCell("a".repeat(16), { label: "seed=1" }),
    sampleCell("b".repeat(16), { label: "seed=2", seed: 2 }),
  ];
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells });
  store.close();
  written = "";
  process.stdout.write = ((text: string) => {
    written += text;
    return true;
  }) as typeof process.stdout.write;
});
afterEach(() => {
  process.stdout.write = output.stdout;
  vi.unstubAllEnvs();
  temp.remove();
});

const lor2c = async (...args: string[]) => {
  written = "";
  await createParser(args, list).parseAsync();
  return written;
};
const helpOf = async (...args: string[]) => {
  let help = "";
  await createParser([], list).parseAsync([...args, "--help"], {}, (_error, _argv, text) => {
    help = text;
  });
  return help;
};

test("a view", async () => {
  expect(await lor2c("show", "aaaa", "pie")).toBe("slices of seed=1\n");
  expect(await lor2c("show", "aaaa", "bbbb", "pie")).toContain(`${"b".repeat(16)}  seed=2\n\nslices of seed=2\n`);
  expect(await lor2c("show", "aaaa", "aaaa", "pie", "--format", "svg")).toBe("<svg>1</svg>");
  expect(JSON.parse(await lor2c("show", "aaaa", "pie", "--json"))).toBe("slices of seed=1");
  expect(await helpOf("show")).toMatch(/^ +pie +A cake$/m);
  expect(await helpOf()).toMatch(/Show stored runs: (.|\n)*? or\s+pie/);
  written = "";
  await complete(["lor2c", "show", "aaaa", ""], list);
  expect(written.split("\n")).toEqual(expect.arrayContaining(["@last", "aaaaaaaa", "pie", "curves"]));
  await expect(lor2c("show", "aaaa", "cake")).rejects.toMatchObject({
    message: "there is no view cake",
    hint: expect.stringMatching(/^ +pie +A cake$/m),
  });
  await expect(lor2c("show", "aaaa", "settings", "--format", "svg")).rejects.toMatchObject({
    message: "the view settings has no picture",
    hint: "these have one: curves, timeline, confusion, pie; --json has all of any view",
  });
});

test("a command", async () => {
  expect(await helpOf()).toMatch(/lor2c bake <thing> +Bake it/);
  written = "";
  await complete(["lor2c", "bake", ""], list);
  expect(written).toBe("bread\n");
  await expect(lor2c("bake")).rejects.toMatchObject({ message: "It is `lor2c bake <thing>`: something is missing." });
});

test("every argument that is a run, an experiment or a file has its completion", () => {
  const takes = (word: RegExp) => commands.filter(({ command }) => word.test(command));
  for (const command of takes(/<(runs?|file)\b|\[(experiment|file|key)\]/)) {
    expect([command.command, typeof command.complete]).toEqual([command.command, "function"]);
  }
  expect(takes(/<runs?\b/).length).toBeGreaterThan(3);
});

test("only views/output.ts and a few named files write to the terminal", () => {
  const own = [
    "views/output.ts",
    "views/write-stream.ts",
    "commands/write-output.ts",
    "screen/terminal/held-output.ts",
  ];
  const sources = readdirSync(packageFile("cli"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.|fixtures/.test(name))
    .map((name) => [name.replaceAll("\\", "/"), readFileSync(packageFile("cli", name), "utf8")] as const);
  const writing = sources.filter(([, text]) => /process\.std(out|err)\.write\(/.test(text)).map(([name]) => name);
  expect(sources.length).toBeGreaterThan(100);
  expect(writing.filter((name) => !own.includes(name))).toEqual([]);
  expect(writing).toContain("views/output.ts");
});
