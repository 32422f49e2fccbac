import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../cli/fixtures/temp-folder.js";
import { packageFile } from "../../cli/spec/package-files.js";
import { explain } from "./failures.mjs";
import { withLock } from "./lock.mjs";
import { satisfies } from "./node-range.mjs";
import { createProgress } from "./progress.mjs";
import { run } from "./run.mjs";
import { hashOf, readStamp, writeStamp } from "./stamp.mjs";

const folder = () => tempFolder();

describe("Node's version against a range", () => {
  test.each([
    ["20.19.0", "^20.19.0 || ^22.12.0 || >=24.0.0 <27.0.0", true],
    ["20.18.3", "^20.19.0 || ^22.12.0 || >=24.0.0 <27.0.0", false],
    ["22.11.0", "^20.19.0 || ^22.12.0 || >=24.0.0 <27.0.0", false],
    ["v22.12.0", "^20.19.0 || ^22.12.0 || >=24.0.0 <27.0.0", true],
    ["23.5.0", "^20.19.0 || ^22.12.0 || >=24.0.0 <27.0.0", false],
    ["27.0.0", "^20.19.0 || ^22.12.0 || >=24.0.0 <27.0.0", false],
    ["25.1.0-nightly", "20.x || 25.x", true],
    ["8.1.0", "6.* || 8.* || >= 10.*", true],
    ["9.9.0", "6.* || 8.* || >= 10.*", false],
    ["24.0.0", "*", true],
    ["20.3.1", "~20.3", true],
    ["20.4.0", "~20.3", false],
    ["20.0.0", "20", true],
  ])("%s in %s: %s", (version, range, expected) => expect(satisfies(version, range)).toBe(expected));

  test("engines is the range that all dependencies allow", () => {
    const { packages } = JSON.parse(readFileSync(packageFile("package-lock.json"), "utf8"));
    const own: string = JSON.parse(readFileSync(packageFile("package.json"), "utf8")).engines.node;
    expect(packages[""].engines.node).toBe(own);
    const ranges = Object.entries<{ optional?: boolean; engines?: { node?: string } }>(packages)
      .filter(([path, entry]) => path !== "" && !entry.optional && entry.engines?.node)
      .map(([, entry]) => entry.engines?.node ?? "");
    expect(ranges.length).toBeGreaterThan(50);
    for (let major = 18; major <= 30; major++) {
      for (const minor of [0, 9, 11, 12, 13, 18, 19, 20, 99]) {
        const version = `${major}.${minor}.0`;
        const all = ranges.every((range) => satisfies(version, range));
        // Odd releases before 24 have ended. To leave them out promises less, never more.
        if (major === 23) expect(satisfies(version, own)).toBe(false);
        else expect([version, satisfies(version, own)]).toEqual([version, all]);
      }
    }
  });
});

describe("what a failed program means", () => {
  test.each([
    ["npm error code ENOTFOUND\nnpm error network request to X failed", /npm registry can't be reached/, /HTTPS_PROXY/],
    [
      "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found for torch==2.13.0",
      /Python package index can't be reached/,
      /PIP_FIND_LINKS/,
    ],
    ["ERROR: No matching distribution found for torch==2.13.0", /does not have torch==2.13.0/, /mirror/],
    ["npm error code E401", /npm registry refused access/, /Log in/],
    ["gyp ERR! stack Error: not found: make", /no C\+\+ compiler or no make/, /build-essential/],
    ["make: g++: not found\ngyp ERR! build error", /no C\+\+ compiler or no make/, /build-essential/],
    ["gyp ERR! find Python You need to install Python", /node-gyp finds no Python/, /npm_config_python/],
    ["../src/x.cpp:3: error\ngyp ERR! build error", /could not be compiled/, /LTS/],
    ["ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", /disk is full/, /Free/],
    ["npm error code EACCES\nnpm error syscall mkdir", /may not be written/, /chown/],
    [
      "The virtual environment was not created successfully because ensurepip is not available.",
      /virtual/,
      /python3-venv/,
    ],
    ["npm error code SELF_SIGNED_CERT_IN_CHAIN", /certificate of the npm registry/, /NODE_EXTRA_CA_CERTS/],
    ["npm error code EINTEGRITY", /not the one that the lock file names/, /cache/],
  ])("%s", (output, problem, advice) => {
    const found = explain(output);
    expect(found.problem).toMatch(problem);
    expect(found.advice).toMatch(advice);
  });

  test("an unknown failure is shown with its last lines", async () => {
    const log = join(folder(), "log");
    const error = await run([process.execPath, "-e", "console.log('odd'); process.exit(7)"], { log }).catch((e) => e);
    expect(error.message).toMatch(/exit code 7/);
    expect(error.output).toEqual(["odd", `(all of it: ${log})`]);
    expect(readFileSync(log, "utf8")).toContain("odd\n");
  });

  test("a program that does not exist", async () => {
    const error = await run(["lor2c-no-such-program"], { log: join(folder(), "log") }).catch((e) => e);
    expect(error.message).toBe("lor2c-no-such-program is not installed");
  });

  test("ended with everything it started", async () => {
    const abort = new AbortController();
    const pidFile = join(folder(), "pid");
    const script = `sleep 60 & echo $! > ${pidFile}; wait`;
    const running = run(["sh", "-c", script], { log: join(folder(), "log"), signal: abort.signal }).catch((e) => e);
    while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await sleep(20);
    abort.abort();
    expect((await running).name).toBe("Interrupted");
    const pid = Number(readFileSync(pidFile, "utf8"));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/\) Z /.test(stat);
  } catch {
    return false;
  }
}

describe("lock", () => {
  const holder = (file: string, ms: number): ChildProcess =>
    spawn(process.execPath, [
      "--input-type=module",
      "-e",
      `import { withLock } from ${JSON.stringify(packageFile("scripts", "env", "lock.mjs"))};
       await withLock(${JSON.stringify(file)}, { waiting: () => {} }, async () => {
         process.stdout.write("in"); await new Promise((r) => setTimeout(r, ${ms})); process.stdout.write("out"); });`,
    ]);

  test("one after the other; a waiting process says for which", async () => {
    const file = join(folder(), "lock");
    const first = holder(file, 600);
    if (first.stdout) await once(first.stdout, "data");
    let out = "";
    first.stdout?.on("data", (text) => {
      out += text;
    });
    const said: string[] = [];
    expect(await withLock(file, { waiting: (who) => said.push(who) }, async () => "mine")).toBe("mine");
    expect(out).toContain("out"); // it had released the lock before
    expect(said).toEqual([`process ${first.pid}`]);
    expect(existsSync(file)).toBe(false);
  });

  test("six processes never overlap", async () => {
    const file = join(folder(), "lock");
    const order: string[] = [];
    const all = Array.from({ length: 6 }, () => holder(file, 30));
    for (const child of all) child.stdout?.on("data", (text: Buffer) => order.push(String(text)));
    await Promise.all(all.map((child) => once(child, "close")));
    expect(order.join("")).toBe("inout".repeat(6));
  });

  test("is taken over from a killed holder, also if another process has its number now", async () => {
    const file = join(folder(), "lock");
    const killed = holder(file, 60_000);
    if (killed.stdout) await once(killed.stdout, "data");
    killed.kill("SIGKILL");
    await once(killed, "close");
    expect(existsSync(file)).toBe(true);
    expect(await withLock(file, { waiting: () => {} }, async () => 1)).toBe(1);
    if (process.platform === "linux") {
      writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), started: "1" }));
      expect(await withLock(file, { waiting: () => {} }, async () => 2)).toBe(2);
    }
    writeFileSync(file, "half a li");
    const { utimesSync } = await import("node:fs");
    utimesSync(file, new Date(0), new Date(0));
    expect(await withLock(file, { waiting: () => {} }, async () => 3)).toBe(3);
  });

  test("waiting can be interrupted; an error releases it", async () => {
    const file = join(folder(), "lock");
    await expect(withLock(file, { waiting: () => {} }, () => Promise.reject(new Error("x")))).rejects.toThrow("x");
    const outcome = withLock(file, { waiting: () => {} }, async () => {
      const abort = new AbortController();
      const waiting = withLock(file, { waiting: () => abort.abort(), signal: abort.signal }, async () => {});
      await expect(waiting).rejects.toThrow("interrupted");
    });
    await outcome;
  });
});

test("stamps: contents count, times and order of writing do not; a broken one counts as none", () => {
  const place = folder();
  const [a, b, stamp] = [join(place, "a"), join(place, "b"), join(place, "deep", "stamp.json")];
  writeFileSync(a, "1");
  const before = hashOf([a, b]);
  writeFileSync(a, "1");
  expect(hashOf([a, b])).toBe(before);
  writeFileSync(b, "");
  expect(hashOf([a, b])).not.toBe(before);
  writeStamp(stamp, { key: before });
  expect(readStamp(stamp)).toEqual({ key: before });
  writeFileSync(stamp, '{"key"');
  expect(readStamp(stamp)).toBeUndefined();
  mkdirSync(join(place, "c"));
  expect(hashOf([join(place, "c")])).toBe(hashOf([join(place, "d")]));
});

test("progress: plain lines in CI even on a terminal; a redrawn line without control characters elsewhere", () => {
  const written: string[] = [];
  const stream = {
    isTTY: true,
    columns: 40,
    write: (text: string) => written.push(text),
  } as unknown as NodeJS.WriteStream;
  const plain = createProgress({ stream, env: { CI: "true" } }).step("build");
  plain.line("x");
  plain.done();
  expect(written.join("")).toMatch(/^build \.\.\.\nbuild: done \(0\.\d s\)\n$/);
  written.length = 0;
  const live = createProgress({ stream, env: {} }).step("build");
  live.line("\x1b[31mred\x07\x1b[0m");
  live.fail();
  expect(written.at(-1)).toMatch(/✖ build/);
});
