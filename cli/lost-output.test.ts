/** What `lor2c` does when its output can't be written or no file can be opened: real processes, a pretend worker. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PROGRAM } from "./fixtures/program.js";
import { tempFolder } from "./fixtures/temp-folder.js";
import { withoutWaits } from "./fixtures/without-waits.js";
import { packageFile } from "./spec/package-files.js";
import { listRuns } from "./store/read.js";
import { openStore } from "./store/store.js";

let folder: string;
beforeAll(() => {
  folder = tempFolder();
  const spec = "name: one\nmodel: minilm\ntask: movie-reviews\nmethod: lora\ntrain: {logging_steps: 1}\njobs: 1\n";
  writeFileSync(join(folder, "spec.yaml"), spec);
});

/** `"$@"` in the script stands for `lor2c ...args`. */
function shell(script: string, args: string[], db: string) {
  const env = {
    ...process.env,
    LOR2C_PYTHON: packageFile("cli", "worker", "fixtures", "good.py"),
    LOR2C_DB: join(folder, db),
  };
  const command = ["-c", script, "bash", process.execPath, PROGRAM, ...args];
  const { status, stdout, stderr } = spawnSync("bash", command, { cwd: folder, env, encoding: "utf8" });
  return { status, stdout, stderr };
}

const states = (db: string): unknown[] => {
  const store = openStore(join(folder, db), { readonly: true });
  try {
    return listRuns(store).map(({ state }) => state);
  } finally {
    store.close();
  }
};

// A device to which nothing can be written, as to a full disk.
describe.skipIf(!existsSync("/dev/full"))("on a full disk", () => {
  test.each(["--plain", "--json"])(
    "run %s trains and stores all the same; it is told once, and the exit code is 1",
    (how) => {
      const { status, stderr } = shell('exec "$@" > /dev/full', ["run", "spec.yaml", how], `full${how}.db`);
      expect(status).toBe(1);
      expect(stderr).toContain("standard output can't be written: no space is left (ENOSPC)");
      expect(stderr.match(/ENOSPC/g)).toHaveLength(1);
      expect(stderr).not.toContain("    at ");
      expect(states(`full${how}.db`)).toEqual(["finished"]);
    },
  );

  test("a command whose result can't be written fails, with the reason", () => {
    for (const args of [["schema"], ["validate", "spec.yaml"], ["explain"], ["--help"], ["--version"]]) {
      const { status, stderr } = shell('exec "$@" > /dev/full', args, "no.db");
      expect([args, status, stderr.split("\n")[0]]).toEqual([
        args,
        1,
        "lor2c: standard output can't be written: no space is left (ENOSPC)",
      ]);
    }
  });

  test("with standard error full too, the exit code is left to tell it", () => {
    expect(shell('exec "$@" > /dev/full 2>&1', ["schema"], "no.db").status).toBe(1);
    expect(shell('exec "$@" 2> /dev/full', ["nosuch"], "no.db").status).toBe(2);
  });
});

test.skipIf(process.getuid?.() !== 0)("a disk that fills up within a text: no half of it at exit 0", () => {
  const script = `mkdir "$PWD/small" && mount -t tmpfs -o size=16k tmpfs "$PWD/small" 2> /dev/null || exit 77
    trap 'umount "$PWD/small"' EXIT
    "$@" > "$PWD/small/out"`;
  const { status, stderr } = shell(script, ["schema"], "no.db");
  if (status === 77) return; // a container that may not mount
  expect(stderr).toContain("standard output can't be written: no space is left (ENOSPC)");
  expect(status).toBe(1);
});

describe("a reader that goes away", () => {
  test("ends no training; it is told, since a job's lines are its report", () => {
    const script = 'set -o pipefail; "$@" | head -n 1';
    const { status, stdout, stderr } = shell(script, ["run", "spec.yaml", "--plain"], "gone.db");
    expect(stdout).toMatch(/^one: 1 run/);
    expect(withoutWaits(stderr)).toBe(
      "lor2c: standard output can't be written: its reader closed it (EPIPE)\n" +
        "  the command continues without it; everything is stored as usual\n",
    );
    expect(status).toBe(1);
    expect(states("gone.db")).toEqual(["finished"]);
  });

  test("from a list has what it wanted", () => {
    expect(shell('set -o pipefail; "$@" | head -n 1', ["explain"], "no.db")).toMatchObject({ status: 0, stderr: "" });
    const gone = 'set -o pipefail; "$@" 2>&1 >plan.txt | true'; // whose lines say what it waits for
    expect(shell(gone, ["plan", "spec.yaml"], "no.db").status).toBe(0);
    expect(readFileSync(join(folder, "plan.txt"), "utf8")).toMatch(/^one /);
  });
});

describe("few file descriptors", () => {
  test("a job runs with 40", () => {
    const { status, stderr } = shell('ulimit -n 40; exec "$@"', ["run", "spec.yaml", "--plain"], "few.db");
    expect([status, withoutWaits(stderr)]).toEqual([0, ""]);
    expect(states("few.db")).toEqual(["finished"]);
  });

  test("with less it says what to do, wherever the limit is met", () => {
    for (const limit of [22, 24, 26, 30]) {
      const script = `ulimit -n ${limit}; exec "$@"`;
      const { status, stderr } = shell(script, ["run", "spec.yaml", "--plain"], `none${limit}.db`);
      expect([limit, status, withoutWaits(stderr)]).toEqual([
        limit,
        1,
        "lor2c: too many files are open; this shell or this machine allows no more (EMFILE)\n" +
          "  raise the limit and run the command again: ulimit -n 4096\n",
      ]);
    }
  });
});
