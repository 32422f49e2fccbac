import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, test } from "vitest";
import { PROGRAM } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { notify } from "./notify.js";
import { notifyCommand } from "./notify-option.js";

/** A program that stores what it reads in `heard`, then does `more`. */
function listener(folder: string, more = ""): string {
  const path = join(folder, "tell me");
  const script = `#!${process.execPath}
const { readFileSync, writeFileSync } = require("node:fs");
writeFileSync(${JSON.stringify(join(folder, "heard"))}, readFileSync(0, "utf8") + process.argv.slice(2).join("|"));
${more}
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

const heard = (folder: string) => readFileSync(join(folder, "heard"), "utf8");

test("the command gets the summary on its input, and its words as they are: no shell reads them", async () => {
  const folder = tempFolder();
  const command = await notifyCommand(`${listener(folder).replace(" ", "\\ ")} $HOME two\\ words ;rm`);
  expect(await notify(command ?? [], { exit_code: 0 })).toBeNull();
  expect(heard(folder)).toBe('{"exit_code":0}\n$HOME|two words|;rm');
  expect(await notifyCommand(join(folder, "tell me"))).toEqual([join(folder, "tell me")]);
});

test("a command that is not there is found before the job begins", async () => {
  for (const text of ["no-such-program-here", "./no/such --option", tempFolder()]) {
    await expect(notifyCommand(text)).rejects.toMatchObject({ code: "NOTIFY_NOT_FOUND", exitCode: 2 });
  }
  await expect(notifyCommand(" ")).rejects.toMatchObject({ exitCode: 2 });
});

test("a command that fails, or does not read, is told of", async () => {
  const folder = tempFolder();
  expect(await notify([listener(folder, "process.exit(3)")], {})).toBe("exited with 3");
  expect(await notify(["/bin/true"], { large: "x".repeat(1_000_000) })).toBeNull();
});

test("a command that takes too long ends, with what it has started; so does one whose job gets a signal", async () => {
  const folder = tempFolder();
  const child = `const { spawn } = require("node:child_process");
writeFileSync(${JSON.stringify(join(folder, "pid"))}, String(spawn("sleep", ["600"], { stdio: "ignore" }).pid));
setInterval(() => {}, 1000);`;
  const program = listener(folder, child);
  const pid = () => Number(readFileSync(join(folder, "pid"), "utf8"));
  const stop = new AbortController();
  const told = notify([program], {}, { signal: stop.signal });
  while (!existsSync(join(folder, "pid")) || pid() === 0) await sleep(20);
  stop.abort();
  expect(await told).toBe("was ended by a signal");
  await gone(pid());
  expect(await notify([program], {}, { timeout: 1500 })).toBe("was ended: it took more than 1.5 s");
  await gone(pid());
});

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
      if (readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")) return; // nobody here waits for it
    } catch {
      return;
    }
    await sleep(20);
  }
}

test("run tells how its job ended, also one with a failed run; the command's failure does not change the exit code", async () => {
  const folder = tempFolder();
  writeFileSync(
    join(folder, "spec.yaml"),
    "name: told\nmodel: minilm\ntask: mrpc\nmethod: {name: lora, rank: 4}\nsweep: {grid: {seed: [1, 2]}}\n",
  );
  const env = {
    LOR2C_PYTHON: join(import.meta.dirname, "..", "worker", "fixtures", "good.py"),
    LOR2C_DB: join(folder, "lor2c.db"),
    LOR2C_CACHE: join(folder, "cache"),
    LOR2C_NOTIFY: listener(folder, "process.exit(4)"),
    FIXTURE_FAIL: "2",
  };
  const done = await execa(process.execPath, [PROGRAM, "run", join(folder, "spec.yaml"), "--plain"], {
    env,
    reject: false,
  });
  expect(done.exitCode, done.stdout + done.stderr).toBe(1);
  expect(done.stderr).toContain("note: the command of --notify exited with 4");
  expect(JSON.parse(heard(folder))).toMatchObject({
    kind: "training",
    experiment: "told",
    outcome: "failed",
    exit_code: 1,
    runs: { finished: 1, failed: 1 },
    best: { label: "seed=1", score_name: "accuracy", score: 0.71 },
    alerts: [],
    database: join(folder, "lor2c.db"),
    error: null,
  });
});
