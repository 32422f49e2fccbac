/** `predict --file` as a user has it, with a pretend worker: files, Ctrl-C, what is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { packageFile } from "../spec/package-files.js";
import { findPython } from "../worker/python.js";
import { columnsOf, endingOf, formatOf, targetOf } from "./file-request.js";

let folder: string;
let spec: string;
beforeAll(async () => {
  folder = tempFolder();
  mkdirSync(join(folder, "rows"));
  spec = join(folder, "base.yaml");
  writeFileSync(spec, "model: minilm\ntask: movie-reviews\nmethod: lora\ndata: {path: rows}\n");
  writeFileSync(join(folder, "new.txt"), "one\n\ntwo\n");
  expect((await lor2c(["run", spec])).exitCode).toBe(0);
});

const start = (args: string[], env: Record<string, string> = {}, input = "") =>
  execa(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: {
      LOR2C_PYTHON: packageFile("cli", "worker", "fixtures", "good.py"),
      LOR2C_DB: join(folder, "lor2c.db"),
      ...env,
    },
    reject: false,
    input,
  });
const lor2c = async (args: string[], env: Record<string, string> = {}, input = "") => start(args, env, input);
const predict = (...args: string[]) => lor2c(["predict", "@last", ...args]);

test("rows go to a file that is replaced at the end, to standard output, and come from standard input", async () => {
  writeFileSync(join(folder, "out.tsv"), "old\n");
  const { exitCode, stdout, stderr } = await predict("--file", "new.txt", "-o", "out.tsv");
  expect([exitCode, stdout]).toEqual([0, ""]);
  expect(stderr).toContain(`wrote 3 rows to ${join(folder, "out.tsv")}`);
  expect(readFileSync(join(folder, "out.tsv"), "utf8")).toBe("one\n\ntwo\n");
  expect((await lor2c(["predict", "@last", "--file", "-"], {}, "three\n\nfour\n")).stdout).toBe("three\n\nfour");
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("Ctrl-C leaves the file that was there, and none beside it", async () => {
  writeFileSync(join(folder, "out.csv"), "old\n");
  const running = start(["predict", "@last", "--file", "new.txt", "-o", "out.csv"], { FIXTURE_HANG_FILE: "1" });
  const half = () => readdirSync(folder).some((name) => name.startsWith("out.csv."));
  while (!half()) await new Promise((done) => setTimeout(done, 20));
  running.kill("SIGINT");
  const { exitCode, stderr } = await running;
  expect([exitCode, stderr]).toEqual([130, expect.stringContaining("nothing was written")]);
  expect(readFileSync(join(folder, "out.csv"), "utf8")).toBe("old\n");
  expect(half()).toBe(false);
});

test.each([
  [["--file", "new.txt", "-o", "./new.txt", "--format", "tsv"], "is the file that is read"],
  [["--file", "new.txt", "-o", "nowhere/out.tsv"], "there is no folder"],
  [["--file", "new.txt", "-o", "out.xlsx"], "does not name a format"],
  [["--file", "new.docx", "-o", "out.tsv"], "there is no file new.docx"],
  [["--file", "base.yaml", "-o", "out.tsv"], "the ending of base.yaml does not say what it is"],
  [["--file", "rows"], "rows is a folder"],
  [["--file", "new.txt", "--columns", "body"], '--columns body: "body" names no column'],
  [["--file", "new.txt", "--text", "a"], "--text and --file exclude each other"],
  [["--text", "a", "--keep-all"], "--keep-all goes with --file"],
  [["--file", "new.txt", "--batch-size", "0"], "--batch-size 0"],
])("%j is refused", async (args, says) => {
  const { exitCode, stderr } = await predict(...args);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(says)]);
  expect(existsSync(join(folder, "out.xlsx"))).toBe(false);
});

test("what options mean", () => {
  expect(columnsOf("text=title+body, text_pair=answer")).toEqual({ text: ["title", "body"], text_pair: "answer" });
  expect(formatOf(undefined, false, "a.JSONL")).toBe("jsonl");
  expect(formatOf(undefined, true, undefined)).toBe("jsonl");
  expect(formatOf("glue", false, "a.tsv")).toBe("glue");
  expect(() => formatOf("csv", false, "a.parquet")).toThrow("the ending of a.parquet says parquet");
  expect(() => formatOf(undefined, true, "a.csv")).toThrow("the ending of a.csv says csv");
  expect(endingOf("-")).toBe(".txt");
  for (const [input, name] of [
    ["test_matched.tsv", "MNLI-m.tsv"],
    ["test_mismatched.tsv", "MNLI-mm.tsv"],
  ] as const)
    expect(targetOf(folder, "glue", "mnli", input)).toBe(join(folder, name));
});

test("a pipe is written into, not replaced by a file", async () => {
  const pipe = join(folder, "pipe.tsv");
  await execa("mkfifo", [pipe]);
  const reader = execa("cat", [pipe]);
  const { exitCode } = await predict("--file", "new.txt", "-o", "pipe.tsv");
  expect(exitCode).toBe(0);
  expect(statSync(pipe).isFIFO()).toBe(true);
  expect((await reader).stdout).toBe("one\n\ntwo");
});

test("a terminal gets control characters of the rows escaped, a pipe gets the rows as they are", async () => {
  writeFileSync(join(folder, "odd.txt"), "日本 \u001b[2J\u0007\n");
  expect((await predict("--file", "odd.txt")).stdout).toBe("日本 \u001b[2J\u0007");
  const [python = "python3", ...first] = (await findPython()).command;
  const command = [process.execPath, PROGRAM, "predict", "@last", "--file", "odd.txt"];
  const terminal = [...first, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", ...command];
  const { stdout } = await execa(python, terminal, {
    cwd: folder,
    env: { LOR2C_PYTHON: packageFile("cli", "worker", "fixtures", "good.py"), LOR2C_DB: join(folder, "lor2c.db") },
    stdin: "ignore",
  });
  expect(stdout).toContain("日本 \\u001b[2J\\u0007");
});

test("a folder for temporary files that is gone is named", async () => {
  const env = { TMPDIR: join(folder, "gone") };
  const { exitCode, stderr } = await lor2c(["predict", "@last", "--file", "new.txt"], env);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`TMPDIR is ${env.TMPDIR}, which does not exist`)]);
});
