/** `export-adapter` as a user has it, with a pretend worker: folders, tokens, Ctrl-C, what is refused. */
import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import Database from "better-sqlite3";
import { execa } from "execa";
import { beforeAll, expect, test, vi } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { packageFile } from "../spec/package-files.js";
import { findPython } from "../worker/python.js";
import { destinationOf, placed } from "./destination.js";
import { checkRepository } from "./repository.js";

const GOOD = packageFile("cli", "worker", "fixtures", "good.py");
let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
  folder = tempFolder();
  mkdirSync(at("rows"));
  const spec = "model: minilm\ntask: movie-reviews\nmethod: lora\ndata: {path: rows}\nadapter: {license: mit}\n";
  writeFileSync(at("kept.yaml"), spec);
  writeFileSync(at("gone.yaml"), `${spec}seed: 2\nkeep: {adapters: none}\n`);
  writeFileSync(at("failed.yaml"), `${spec}seed: 3\n`);
  for (const name of ["gone", "kept"]) expect((await lor2c(["run", `${name}.yaml`])).exitCode).toBe(0);
});

const start = (args: string[], env: Record<string, string> = {}, cwd = folder) =>
  execa(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { LOR2C_PYTHON: GOOD, LOR2C_DB: at("lor2c.db"), HF_TOKEN: undefined, HF_HUB_OFFLINE: undefined, ...env },
    reject: false,
    input: "",
  });
const lor2c = async (args: string[], env: Record<string, string> = {}, cwd = folder) => start(args, env, cwd);
const exportTo = (dir: string, ...args: string[]) => lor2c(["export-adapter", "@last", dir, ...args]);
const hidden = () => readdirSync(folder).filter((name) => name.startsWith("."));
const commandIn = (dir: string) => JSON.parse(readFileSync(at(dir, "adapter_config.json"), "utf8"));

test("a folder is written; one that has an adapter is replaced with --force", async () => {
  const { exitCode, stdout, stderr } = await exportTo("new");
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/note: its base model is a local folder$/)]);
  expect(stdout).toMatch(/^wrote new: the adapter of .* \([0-9a-f]{8}\), 1 file, 121 KiB$/);
  expect(commandIn("new")).toMatchObject({ merged: false, license: null, repository: null, fingerprint: null });
  const again = await exportTo("new");
  expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining("new is not empty")]);
  const forced = await exportTo("new", "--force", "--license", "apache-2.0", "--json");
  expect(JSON.parse(forced.stdout)).toMatchObject({ folder: at("new"), merged: false, pushed: null, bytes: 123456 });
  expect(commandIn("new").license).toBe("apache-2.0");
  mkdirSync(at("empty"));
  symlinkSync(at("empty"), at("link"));
  const collapsing = new Database(at("lor2c.db"));
  collapsing.exec("UPDATE attempts SET collapsed = 1, collapsed_to = 'positive'");
  const link = await exportTo("link");
  expect([link.exitCode, link.stderr]).toEqual([
    0,
    expect.stringContaining("note: the run has collapsed: it predicts"),
  ]);
  collapsing.exec("UPDATE attempts SET collapsed = 0, collapsed_to = NULL");
  collapsing.close();
  expect(existsSync(at("empty", "adapter_config.json"))).toBe(true);
  expect(hidden()).toEqual([]);
});

test("a folder that is there stays the same one: a shell may be in it, and its mode is kept", async () => {
  mkdirSync(at("here"), { mode: 0o700 });
  const before = statSync(at("here"));
  const inside = await lor2c(["export-adapter", "@last", "."], {}, at("here"));
  expect([inside.exitCode, inside.stdout]).toEqual([0, expect.stringMatching(/^wrote \./)]);
  const forced = await lor2c(["export-adapter", "@last", ".", "--force", "--license", "mit"], {}, at("here"));
  expect([forced.exitCode, commandIn("here").license]).toEqual([0, "mit"]);
  const { ino, mode } = statSync(at("here"));
  expect([ino, mode]).toEqual([before.ino, before.mode]);
  expect(readdirSync(at("here"))).toEqual(["adapter_config.json"]);
});

test("an error and Ctrl-C leave what was there", async () => {
  const merged = await exportTo("never", "--merged");
  expect([merged.exitCode, merged.stderr]).toEqual([
    2,
    expect.stringContaining("cannot be merged: the fixture says so"),
  ]);
  const running = start(["export-adapter", "@last", "never"], { FIXTURE_HANG_FILE: "1" });
  while (!hidden().some((name) => existsSync(at(name, "new")))) await new Promise((done) => setTimeout(done, 20));
  running.kill("SIGINT");
  const { exitCode, stderr } = await running;
  expect([exitCode, stderr]).toEqual([130, expect.stringContaining("interrupted; nothing was written")]);
  expect([existsSync(at("never")), hidden()]).toEqual([false, []]);
  const inside = start(["export-adapter", "@last", "here", "--force"], { FIXTURE_HANG_FILE: "1" });
  while (!hidden().some((name) => existsSync(at(name, "new")))) await new Promise((done) => setTimeout(done, 20));
  inside.kill("SIGINT");
  expect([(await inside).exitCode, commandIn("here").license, hidden()]).toEqual([130, "mit", []]);
});

test("a push needs a token, which is asked for without a terminal's keys being shown", async () => {
  const none = await exportTo("pushed", "--push", "me/mine");
  expect([none.exitCode, none.stderr]).toEqual([2, expect.stringMatching(/there is no token for .*\n.*set HF_TOKEN/)]);
  expect(existsSync(at("pushed"))).toBe(false);
  const args = ["export-adapter", "@last", "pushed", "--push", "me/mine", "--private"];
  const done = await lor2c(args, { HF_TOKEN: "right" });
  expect([done.exitCode, done.stdout]).toEqual([
    0,
    expect.stringContaining("pushed to https://hub/me/mine (commit e2da"),
  ]);
  expect(commandIn("pushed").repository).toBe("me/mine");
  const wrong = await lor2c([...args, "--force"], { HF_TOKEN: "wrong" });
  expect([wrong.exitCode, wrong.stderr]).toEqual([
    1,
    expect.stringMatching(
      /does not accept the token\n.*pushed is complete\. .* uploaded: look at http\S+\/me\/mine; .* --force/,
    ),
  ]);
  rmSync(at("pushed"), { recursive: true });
  const running = start(args, { HF_TOKEN: "right", FIXTURE_HANG_PUSH: "1" });
  while (!existsSync(at("pushed"))) await new Promise((done) => setTimeout(done, 20));
  running.kill("SIGINT");
  const stopped = await running;
  expect([stopped.exitCode, stopped.stderr]).toEqual([
    130,
    expect.stringMatching(
      /interrupted; .*pushed is complete, and the repository may have .*: look at http\S+\/me\/mine/,
    ),
  ]);
  const offline = await lor2c([...args, "--force"], { HF_TOKEN: "right", HF_HUB_OFFLINE: "1" });
  expect([offline.exitCode, offline.stderr]).toEqual([2, expect.stringContaining("HF_HUB_OFFLINE is set")]);

  const [python = "python3", ...first] = (await findPython()).command;
  const typed = [
    "import os, pty, sys",
    "pid, end = pty.fork()",
    "if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])",
    "seen = b''",
    "sent = False",
    "while True:",
    "    try: piece = os.read(end, 4096)",
    "    except OSError: break",
    "    if not piece: break",
    "    seen += piece",
    "    if b'not stored): ' in seen and not sent: sent = bool(os.write(end, b'right\\r'))",
    "sys.stdout.buffer.write(seen)",
    "sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))",
  ].join("\n");
  const asked = await execa(python, [...first, "-c", typed, process.execPath, PROGRAM, ...args, "--force"], {
    cwd: folder,
    env: {
      ...{ LOR2C_PYTHON: GOOD, LOR2C_DB: at("lor2c.db"), HF_TOKEN: undefined, HF_HUB_OFFLINE: undefined },
      ...{ TERM: "xterm", CI: undefined }, // on which a person may be asked
    },
    reject: false,
    stdin: "ignore",
  });
  expect([asked.exitCode, asked.stdout]).toEqual([0, expect.stringContaining("pushed to https://hub/me/mine")]);
  expect(asked.stdout).not.toContain("right");
});

test("runs without an adapter say what to do", async () => {
  const named = async (label: string) =>
    (await lor2c(["query", `SELECT id FROM runs WHERE label = '${label}'`, "--csv"])).stdout.split("\n").at(-1) ?? "";
  const gone = await named("gone");
  const dropped = await lor2c(["export-adapter", gone, "none"]);
  expect([dropped.exitCode, dropped.stderr]).toEqual([
    2,
    expect.stringMatching(/was not kept.*\n.*keep\.adapters=all --force/),
  ]);
  await lor2c(["run", "failed.yaml"], { FIXTURE_FAIL: "3" });
  const failed = await lor2c(["export-adapter", "@failed", "none"]);
  expect([failed.exitCode, failed.stderr]).toEqual([
    2,
    expect.stringMatching(/is not finished but failed\n.*lor2c run SPEC/),
  ]);
  const kept = await named("kept");
  rmSync(at("runs", kept, "attempt-1", "adapter"), { recursive: true });
  const lost = await lor2c(["export-adapter", kept, "none"]);
  expect([lost.exitCode, lost.stderr]).toEqual([2, expect.stringMatching(/is gone: .*\n.*--force trains it again/)]);
  expect(existsSync(at("none"))).toBe(false);
});

test("where nothing is written", () => {
  const results = at("results");
  for (const name of ["results/runs/one", "full", "model", "base", "odd/README.md", "odd/.git"]) {
    mkdirSync(at(name), { recursive: true });
  }
  for (const name of ["full/thesis.tex", "full/model.safetensors", "base/config.json"]) writeFileSync(at(name), "");
  for (const name of ["model.safetensors.index.json", "model-00001-of-00002.safetensors", "spm.model", "README.md"]) {
    writeFileSync(at("model", name), "");
  }
  symlinkSync(at("base"), at("to-base"));
  const to = (name: string, force = false) => destinationOf(at(name), force, { results, base: at("to-base") });
  expect(() => to("nowhere/new")).toThrow("there is no folder");
  expect(() => to("kept.yaml")).toThrow("kept.yaml is a file");
  for (const name of ["results/runs/other", "results/runs", "results", "."]) {
    expect(() => to(name, true)).toThrow("belongs to the database");
  }
  expect(() => to("full")).toThrow("full is not empty");
  expect(() => to("full", true)).toThrow(/full.thesis.tex is no file of an adapter or a model, and --force would/);
  expect(() => to("odd", true)).toThrow(/odd.\.git is no file/);
  rmSync(at("odd", ".git"), { recursive: true });
  expect(() => to("odd", true)).toThrow(/odd.README.md is no file/);
  for (const name of ["base", "to-base"]) expect(() => to(name, true)).toThrow("is the base model of the run");
  expect(() => to("model")).toThrow("model is not empty");
  expect([to("model", true), to("results/new")]).toEqual([at("model"), at("results/new")]);
});

test("files that cannot be put in their place leave the old ones, or say where they are", async () => {
  const path = at("swapped");
  mkdirSync(path);
  const files = () => readdirSync(path).map((name) => [name, readFileSync(join(path, name), "utf8")]);
  const old = ["README.md", "config.json"].map((name) => [name, `old ${name}`] as const);
  for (const [name, text] of old) writeFileSync(join(path, name), text);
  const none = async () => {}; // nothing is written
  await expect(placed(path, none)).rejects.toThrow("ENOENT");
  expect(files()).toEqual(old);
  const write = async (target: string) => {
    mkdirSync(target);
    for (const name of ["README.md", "adapter_config.json"]) writeFileSync(join(target, name), "new");
  };
  // The fourth move fails; going back fails too, or not.
  const { renameSync } = fs;
  const failingFrom = async (fails: (call: number) => boolean) => {
    let calls = 0;
    const failing = vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
      if (fails(++calls)) throw new Error(`no ${calls}`);
      renameSync(from, to);
    });
    syncBuiltinESMExports();
    const failed = await placed(path, write).catch((error) => error);
    failing.mockRestore();
    syncBuiltinESMExports();
    return failed;
  };
  expect((await failingFrom((call) => call === 4)).message).toBe("no 4");
  expect(files()).toEqual(old);
  const failed = await failingFrom((call) => call > 3);
  expect([failed.message, failed.hint]).toEqual([
    expect.stringMatching(/could not be put into .*swapped \(no 4\), nor the old ones back \(no 7\)/),
    expect.stringMatching(/^delete README.md in .*swapped, then move back by hand what is in .*old$/),
  ]);
  const [kept = ""] = hidden();
  expect(readFileSync(at(kept, "old", "config.json"), "utf8")).toBe("old config.json");
  expect(readdirSync(path)).toEqual(["README.md"]); // nobody takes it for an adapter
  rmSync(at(kept), { recursive: true });
  const meanwhile = async (target: string) => {
    await write(target);
    writeFileSync(join(path, "notes.txt"), "mine");
  };
  await expect(placed(path, meanwhile)).rejects.toThrow(/notes.txt came while the adapter was exported/);
  expect([readFileSync(join(path, "notes.txt"), "utf8"), hidden()]).toEqual(["mine", []]);
});

test.each([
  [["--private"], "--private goes with --push"],
  [["--push", "mine"], "--push mine is no repository on a hub"],
  [["--license", "Apache 2.0"], "did you mean `apache-2.0`?"],
])("%j is refused", async (args, says) => {
  const { exitCode, stderr } = await exportTo("never", ...args);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(says)]);
});

test("names of repositories", () => {
  for (const name of ["me/mine", "Me_1/a.b-c"]) expect(() => checkRepository(name)).not.toThrow();
  for (const name of ["mine", "a/b/c", "me/", "me/-x", "me/a--b", "me/..", "me/a b", `me/${"x".repeat(97)}`]) {
    expect(() => checkRepository(name)).toThrow("is no repository");
  }
});
