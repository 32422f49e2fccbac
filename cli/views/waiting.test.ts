/** What a command says while it waits for a worker: real processes and a pretend worker, in a pipe and on a terminal. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { fixture } from "../worker/fixture-worker.js";
import { findPython } from "../worker/python.js";
import { waitText } from "./waiting.js";

let folder: string;
beforeAll(() => {
  folder = tempFolder();
  writeFileSync(join(folder, "spec.yaml"), "model: minilm\ntask: movie-reviews\nmethod: lora\n");
});
const env = () => ({ ...process.env, CI: "", LOR2C_PYTHON: fixture("good.py"), LOR2C_CACHE: folder, TERM: "xterm" });

function start(command: string, args: string[], more: Record<string, string> = {}) {
  const child = spawn(command, args, { cwd: folder, env: { ...env(), ...more }, stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (text) => (said.out += text));
  child.stderr.on("data", (text) => (said.err += text));
  const closed = new Promise<number | null>((done) => child.on("close", done));
  return { said, closed };
}

const run = (...args: string[]) => start(process.execPath, [PROGRAM, ...args]);

test("in a pipe: a line before the worker has started, and nothing on standard output or with --json", async () => {
  const plan = run("plan", "spec.yaml");
  const json = run("plan", "spec.yaml", "--json");
  expect([await plan.closed, await json.closed]).toEqual([0, 0]);
  expect(plan.said.err).toMatch(/^starting the worker: loading Python packages \.\.\.\n/);
  expect(plan.said.out).toMatch(/^spec /);
  expect(json.said.err).toBe("");
  const wrong = run("plan", "nowhere.yaml");
  expect(await wrong.closed).toBe(2);
  expect(wrong.said.err).toMatch(/^lor2c: /);
});

test("on a terminal: a line that is replaced, and gone before anything else is written", async () => {
  const [python = "python3", ...first] = (await findPython({})).command;
  const pty = [
    ...first,
    "-c",
    "import pty, sys; pty.spawn(sys.argv[1:])",
    process.execPath,
    PROGRAM,
    "plan",
    "spec.yaml",
  ];
  const { said, closed } = start(python, pty, { LOR2C_CACHE: join(folder, "other") });
  await closed;
  const out = said.out.replaceAll("\u001b[K", "<K>"); // clears to the end of the line
  expect(out).toMatch(/^\rgetting ready \.\.\.<K>/);
  expect(out).toContain("\rstarting the worker: loading Python packages ...<K>");
  const [, shown = ""] = out.split(/.*\r<K>(?=spec )/s);
  expect(shown).toMatch(/^spec {2}/);
  expect(shown).not.toContain("<K>");
});

test("words for all that a worker does", () => {
  expect(waitText({ kind: "doing", what: "download", of: "a\u001b[2Jb" })).toBe("downloading a\\u001b[2Jb");
  expect(waitText({ kind: "doing", what: "rows", of: "mrpc" })).toBe("reading the rows of mrpc");
  const other = "waiting for another process, which gets mpnet ready";
  expect(waitText({ kind: "doing", what: "wait", of: "mpnet" })).toBe(other);
  expect(waitText({ kind: "answer", to: "examine" })).toBe("looking at the rows");
});
