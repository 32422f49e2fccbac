import { createHash } from "node:crypto";
import { arch, platform } from "node:os";
import type { EventOf } from "../protocol/messages.js";
import type { GitState } from "./git.js";
import type { Store } from "./store.js";

/** Returns the id of the row that describes where an attempt runs, and inserts the row if there is none yet. */
export function recordEnvironment(store: Store, ready: EventOf<"ready">, git: GitState | null): number {
  const packages = Object.entries(ready.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  const variables = Object.entries(ready.variables).sort(([a], [b]) => (a < b ? -1 : 1));
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
  };
  const identity = createHash("sha256")
    // A row from before variables were stored is found again by a worker that has none.
    .update(JSON.stringify(variables.length > 0 ? [row, packages, variables] : [row, packages]))
    .digest("hex");
  return store.db.transaction(() => {
    const existing = store.prepare("SELECT id FROM environments WHERE identity = ?").pluck().get(identity);
    if (existing !== undefined) return existing as number;
    const { lastInsertRowid } = store
      .prepare(
        `INSERT INTO environments (identity, worker_version, protocol, python, platform, device, device_description,
                                   device_memory, device_bf16, git_commit, git_dirty, first_seen_at)
         VALUES (@identity, @worker_version, @protocol, @python, @platform, @device, @device_description,
                 @device_memory, @device_bf16, @git_commit, @git_dirty, @first_seen_at)`,
      )
      .run({ ...row, identity, first_seen_at: new Date().toISOString() });
    const insert = store.prepare("INSERT INTO environment_packages (environment, name, version) VALUES (?, ?, ?)");
    for (const [name, version] of packages) insert.run(lastInsertRowid, name, version);
    const set = store.prepare("INSERT INTO environment_variables (environment, name, value) VALUES (?, ?, ?)");
    for (const [name, value] of variables) set.run(lastInsertRowid, name, value);
    return Number(lastInsertRowid);
  })();
}
