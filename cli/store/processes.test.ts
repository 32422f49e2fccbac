/** Tests that need a second process: starting together, being killed, reading without permission to write. */
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimedStore, disposableFolder, sampleCell, sampleEvents } from "./fixtures/sample.js";
import { type ChildOptions, type SecondProcess, startChild } from "./fixtures/second-process.js";
import { MIGRATIONS } from "./migrations.js";
import { getAttempts, getMetrics, runStates } from "./read.js";
import { openStore, type Store } from "./store.js";
import { claimAttempt, ingest, reapLost, registerExperiment, removeRuns } from "./write.js";

const CELL = sampleCell("a".repeat(16));
const plan = { name: "x", specFile: null, specText: "", cells: [CELL] };

let temp: { folder: string; remove: () => void };
let path: string;
let children: SecondProcess[];
beforeEach(() => {
  temp = disposableFolder();
  path = join(temp.folder, "lor2c.db");
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  temp.remove();
});

function start(args: string[], options?: ChildOptions): SecondProcess {
  const child = startChild(args, options);
  children.push(child);
  return child;
}

function withStore<T>(use: (store: Store) => T): T {
  const store = openStore(path);
  try {
    return use(store);
  } finally {
    store.close();
  }
}

test("six processes that open a new file together all get a database, migrated once", async () => {
  const said = await Promise.all(Array.from({ length: 6 }, () => start(["open", path]).said));
  expect(said).toEqual(Array(6).fill({ ok: true }));
  const reader = openStore(path, { readonly: true });
  expect(reader.db.prepare("SELECT name FROM migrations").pluck().all()).toEqual(MIGRATIONS.map(({ name }) => name));
  reader.close();
});

test("two processes cannot train the same run; when one is killed the run is free", async () => {
  withStore((store) => registerExperiment(store, plan));
  const first = start(["claim", path, CELL.id]);
  expect(await first.said).toMatchObject({ number: 1 });
  await withStore(async (store) => {
    expect(reapLost(store)).toBe(0);
    expect(claimAttempt(store, { runId: CELL.id, force: true })).toEqual({
      busy: expect.stringMatching(`process ${first.process.pid} on .+`),
    });
    expect(() => removeRuns(store, [CELL.id])).toThrow(/being trained by process/);
  });
  await first.kill("SIGKILL");
  withStore((store) => {
    expect(reapLost(store)).toBe(1);
    expect(reapLost(store)).toBe(0);
    expect(runStates(store, [CELL.id]).get(CELL.id)).toBe("lost");
    expect(getAttempts(store, CELL.id)[0]?.message).toMatch(/process \d+ on .* is gone/);
    expect(claimAttempt(store, { runId: CELL.id, force: false })).toMatchObject({ number: 2 });
  });
});

test("claiming marks lost attempts first", async () => {
  withStore((store) => registerExperiment(store, plan));
  const first = start(["claim", path, CELL.id]);
  await first.said;
  await first.kill("SIGKILL");
  withStore((store) => expect(claimAttempt(store, { runId: CELL.id, force: false })).toMatchObject({ number: 2 }));
});

test("without a free file descriptor the state of a process or a database is unknown, not dead or damaged", async () => {
  withStore(() => {});
  const said = await start(["starve", path], { descriptors: 200 }).said;
  expect(said).toEqual({ life: "unknown", place: "same", process: "unknown" });
});

test("processes that clear the same checkpoints at once report no problems", async () => {
  withStore((store) => registerExperiment(store, plan));
  const root = join(temp.folder, "runs", ".checkpoints");
  for (let index = 0; index < 200; index++) {
    const folder = join(root, `key-${index % 20}`, `tree-${index}`);
    mkdirSync(join(folder, "best", "0"), { recursive: true });
    for (const file of ["state.pt", "events.ndjson", "best/0/adapter"])
      writeFileSync(join(folder, file), "x".repeat(100));
    writeFileSync(join(folder, "tree.json"), JSON.stringify({ cells: ["f".repeat(16)], step: 1, versions: {} }));
  }
  const said = await Promise.all(Array.from({ length: 4 }, () => start(["clear", path]).said));
  expect(said).toEqual(Array(4).fill({ problems: [] }));
  expect(readdirSync(root)).toEqual([]);
});

test("processes that remove the same run at once report no problems", async () => {
  withStore((store) => registerExperiment(store, plan));
  const folder = join(temp.folder, "runs", CELL.id);
  for (let index = 0; index < 300; index++) {
    mkdirSync(join(folder, `attempt-${index}`), { recursive: true });
    writeFileSync(join(folder, `attempt-${index}`, "run.log"), "x");
  }
  const said = await Promise.all(Array.from({ length: 4 }, () => start(["remove", path, CELL.id]).said));
  expect(said).toEqual(Array(4).fill({ problems: [] }));
  expect(readdirSync(join(temp.folder, "runs"))).toEqual([]);
});

test("four processes that claim one run together: one gets it", async () => {
  withStore((store) => registerExperiment(store, plan));
  const said = await Promise.all(Array.from({ length: 4 }, () => start(["claim", path, CELL.id]).said));
  expect(said.filter((claim) => "attemptId" in claim)).toHaveLength(1);
  expect(said.filter((claim) => "busy" in claim)).toHaveLength(3);
});

test("a process killed while it stores events leaves whole batches only, and the same events again change nothing", async () => {
  withStore((store) => registerExperiment(store, plan));
  const flood = start(["flood", path, CELL.id]);
  const { attemptId } = (await flood.said) as { attemptId: number };
  await new Promise((wait) => setTimeout(wait, 300));
  await flood.kill("SIGKILL");
  withStore((store) => {
    const before = getMetrics(store, attemptId);
    expect(before.length).toBeGreaterThan(0);
    expect(before.length % 200).toBe(0);
    expect(getAttempts(store, CELL.id)[0]?.last_seq).toBe(before.length + 1);
    const again = Array.from({ length: before.length + 5 }, (_, i) =>
      sampleEvents.metrics([CELL.id], i + 2, i + 2, { loss: i < before.length ? 99 : 1 }),
    );
    ingest(store, new Map([[CELL.id, attemptId]]), again, null);
    const after = getMetrics(store, attemptId);
    expect(after).toHaveLength(before.length + 5);
    expect(new Set(after.map((row) => row.value))).toEqual(new Set([1]));
  });
});

test("a reader starts while another process holds the write lock", async () => {
  withStore((store) => registerExperiment(store, plan));
  await start(["lock", path]).said;
  expect(await start(["read", path]).said).toEqual({ migrations: MIGRATIONS.length });
});

// Root may write everywhere, so root runs these tests as another user.
const other = process.getuid?.() === 0 ? { uid: 65_534 } : {};

test("a finished WAL database in a read-only folder can be read, and cannot be opened for writing", async () => {
  const home = join(temp.folder, "theirs");
  mkdirSync(home);
  const theirs = join(home, "lor2c.db");
  claimedStore(home, [CELL]).store.close();
  chmodSync(temp.folder, 0o755);
  chmodSync(theirs, 0o444);
  chmodSync(home, 0o555);
  try {
    expect(existsSync(`${theirs}-wal`)).toBe(false);
    expect(await start(["read", theirs], other).said).toEqual({ migrations: MIGRATIONS.length });
    expect(await start(["open", theirs], other).said).toMatchObject({ error: "DATABASE_READONLY" });
    expect(await start(["open", join(home, "new.db")], other).said).toMatchObject({ error: "DATABASE_CANNOT_OPEN" });
  } finally {
    chmodSync(home, 0o755);
  }
});
