import { createHash } from "node:crypto";
import { arch, platform } from "node:os";
import type { EventOf } from "../protocol/messages.js";
import type { GitDiff, GitState } from "./git.js";
import type { Store } from "./store.js";

/** Returns the id of the row that describes where an attempt runs, and inserts the row if there is none yet. */
export function recordEnvironment(store: Store, ready: EventOf<"ready">, git: GitState | null): number {
  const row = {
    worker_version: ready.worker_version,
    protocol: ready.protocol,
    python: ready.python,
    platform: `${platform()}-${arch()}`,
    device: ready.device.name,
    device_description: ready.device.description,
    device_memory: ready.device.memory,
    device_bf16: ready.device.bf16 ? 1 : 0,
    git_commit: git?.commit ?? null,
    git_dirty: git ? Number(git.dirty) : null,
    git_diff: git?.diff?.sha256 ?? null,
  };
  const texts = [ready.packages, ready.variables, ready.computing].map(sorted);
  const identity = createHash("sha256")
    .update(JSON.stringify([row, ...texts]))
    .digest("hex");
  return store.db.transaction(() => {
    if (git?.diff) keepDiff(store, git.diff);
    const existing = store.prepare("SELECT id FROM environments WHERE identity = ?").pluck().get(identity);
    if (existing !== undefined) return existing as number;
    const { lastInsertRowid } = store
      .prepare(
        `INSERT INTO environments (identity, worker_version, protocol, python, platform, device, device_description,
                                   device_memory, device_bf16, git_commit, git_dirty, git_diff, first_seen_at)
         VALUES (@identity, @worker_version, @protocol, @python, @platform, @device, @device_description,
                 @device_memory, @device_bf16, @git_commit, @git_dirty, @git_diff, @first_seen_at)`,
      )
      .run({ ...row, identity, first_seen_at: new Date().toISOString() });
    const [packages = [], variables = [], computing = []] = texts;
    insertEach(store, "environment_packages (environment, name, version)", lastInsertRowid, packages);
    insertEach(store, "environment_variables (environment, name, value)", lastInsertRowid, variables);
    insertEach(store, "environment_computing (environment, name, value)", lastInsertRowid, computing);
    return Number(lastInsertRowid);
  })();
}

const sorted = (texts: Record<string, string>): [string, string][] =>
  Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1));

function insertEach(store: Store, table: string, environment: number | bigint, texts: [string, string][]): void {
  const insert = store.prepare(`INSERT INTO ${table} VALUES (?, ?, ?)`);
  for (const [name, text] of texts) insert.run(environment, name, text);
}

function keepDiff(store: Store, { sha256, bytes, text }: GitDiff): void {
  store
    .prepare(
      `INSERT INTO git_diffs (sha256, bytes, text) VALUES (?, ?, ?)
       ON CONFLICT (sha256) DO UPDATE SET text = coalesce(text, excluded.text)`,
    )
    .run(sha256, bytes, text);
}
