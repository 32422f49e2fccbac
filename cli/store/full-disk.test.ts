/** A full file system of 3 MB. Without the right to mount one the tests are skipped, and a line says so. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { claimAll, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { type SecondProcess, startChild } from "./fixtures/second-process.js";
import { getAttempts, listRuns, trashedRuns } from "./read.js";
import { openReader, settleLost } from "./reader.js";
import { openStore } from "./store.js";
import { emptyTrash } from "./trash/trash.js";
import { ingest, registerExperiment, removeRuns, trashRuns, WaitingEvents } from "./write.js";

const DONE = sampleCell("d".repeat(16), { seed: 2 });
const DEAD = sampleCell("a".repeat(16));

function mayMount(): boolean {
  const place = tempFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place], { stdio: "ignore" });
    execFileSync("umount", [place]);
    return true;
  } catch {
    process.stderr.write("full-disk.test.ts: skipped, because this user may not mount a file system\n");
    return false;
  }
}

describe.skipIf(!mayMount())("on a full disk", () => {
  let folder: string;
  let path: string;
  let child: SecondProcess;
  beforeEach(async () => {
    folder = tempFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]);
    path = join(folder, "lor2c.db");
    const store = openStore(path);
    registerExperiment(store, { name: "x", specFile: null, specText: "", cells: [DONE, DEAD] });
    const attempts = claimAll(store, [DONE]);
    const points = Array.from({ length: 2000 }, (_, i) => say.metrics([DONE.id], i + 2, i, { loss: 1 }));
    ingest(store, attempts, [say.ready(), say.started([DONE.id]), ...points, say.finished([DONE.id], 5000)], null);
    mkdirSync(join(folder, "runs", DONE.id, "attempt-1", "adapter"));
    writeFileSync(join(folder, "runs", DONE.id, "attempt-1", "adapter", "weights"), "x".repeat(600_000));
    store.close();
    // A runner that is killed leaves the log (-wal) of the database.
    child = startChild(["claim", path, DEAD.id]);
    await child.said;
    await child.kill("SIGKILL");
    fill();
  });
  function fill(): void {
    for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) appendFileSync(join(folder, "fill"), "x".repeat(size));
      } catch (error) {
        expect(error).toMatchObject({ code: "ENOSPC" });
      }
    }
  }
  afterEach(async () => {
    await child.kill();
    execFileSync("umount", [folder]);
  });

  test("reading the database needs no space; a run whose runner is dead is shown as lost", () => {
    const reader = openReader(path);
    const states = () => Object.fromEntries(listRuns(reader).map(({ id, state }) => [id, state]));
    expect(states()).toEqual({ [DONE.id]: "finished", [DEAD.id]: "lost" });
    expect(getAttempts(reader, DEAD.id)[0]).toMatchObject({
      state: "lost",
      outcome: "lost",
      message: expect.stringMatching(/^the runner \(process \d+ on .*\) is gone$/),
    });
    expect(reader.prepare("SELECT count(*) FROM v_best").pluck().get()).toBe(1);
    // A screen looks again and again.
    expect([settleLost(reader), states()[DEAD.id]]).toEqual([0, "lost"]);
    reader.close();
  });

  test("rm deletes files first where rows cannot be deleted, which makes room for deleting the rows", () => {
    const store = openStore(path);
    const { runs, fileBytes } = removeRuns(store, [DONE.id]);
    expect([runs, fileBytes]).toEqual([1, 600_000]);
    expect(listRuns(store).map(({ id }) => id)).toEqual([DEAD.id]);
    expect(existsSync(join(folder, "runs", DONE.id))).toBe(false);
    store.close();
    rmSync(join(folder, "fill"));
    const reader = openReader(path);
    expect(listRuns(reader).map(({ state }) => state)).toEqual(["lost"]);
    expect(readdirSync(join(folder, "runs"))).toEqual([DEAD.id]);
    reader.close();
  });

  test("the trash needs space: without it nothing is moved; deleting what is in it needs next to none", () => {
    const store = openStore(path);
    expect(() => trashRuns(store, [DONE.id])).toThrow(/no space to copy.*nothing was removed/);
    expect(listRuns(store)).toHaveLength(2);
    expect(existsSync(join(folder, "runs", DONE.id, "attempt-1", "adapter", "weights"))).toBe(true);
    rmSync(join(folder, "fill"));
    trashRuns(store, [DONE.id]);
    store.close();
    fill();
    truncateSync(join(folder, "fill"), statSync(join(folder, "fill")).size - 200_000); // to open two databases at all
    const again = openStore(path);
    expect(emptyTrash(again, null)).toMatchObject({ problems: [] });
    expect(trashedRuns(again)).toEqual([]);
    again.close();
  });

  test("if even that makes no room, the error says what to do", () => {
    const store = openStore(path);
    expect(() => removeRuns(store, [DEAD.id])).toThrow(/the files of the run are deleted, but there is no space/);
    store.close();
  });

  test("waiting events that find no space leave no half line, and are appended once there is some", () => {
    rmSync(join(folder, "fill"));
    const store = openStore(path);
    const waiting = new WaitingEvents(store, claimAll(store, [DONE], true));
    waiting.append([say.started([DONE.id], 1)]);
    fill();
    const points = Array.from({ length: 500 }, (_, i) => say.metrics([DONE.id], i + 2, i, { loss: 1 }));
    expect(() => waiting.append(points)).toThrow("ENOSPC");
    rmSync(join(folder, "fill"));
    waiting.append(points);
    const seen: number[] = [];
    waiting.drain((events) => seen.push(...events.map(({ seq }) => seq)));
    expect(seen).toEqual(Array.from({ length: 501 }, (_, i) => i + 1));
    store.close();
  });
});
