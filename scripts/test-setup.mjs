/** Before and after a run of vitest: one build for all tests that start the program, one folder for their files. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";

/** @type {string | undefined} */
let folder;

export async function setup() {
  await ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), "lor2c-vitest-"));
  chmodSync(folder, 0o755); // some tests start a program as another user
  // Used by the tests, by programs that they start, and by the workers of these.
  process.env.TMPDIR = folder;
}

/** Fails when temporary folders are left, since they would fill the disk of every user and developer. */
export function teardown() {
  if (!folder) return;
  // A worker that did not start leaves its log on purpose; the error names it.
  const left = readdirSync(folder).filter((name) => /^lor2c(?!-worker-)/.test(name));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  if (left.length > 0) throw new Error(`${left.length} temporary folders were not removed: ${left.join(", ")}`);
}
