/** Before and after a run of vitest: one build for all tests that start the program, one place for their files. */
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
  // For the tests, the programs that they start and the workers of those.
  process.env.TMPDIR = folder;
}

/** What is left behind in a folder for temporary files fills the disk of whoever uses lor2c, or tests it, every day. */
export function teardown() {
  if (!folder) return;
  // A worker that did not start leaves its log, on purpose: the error names it.
  const left = readdirSync(folder).filter((name) => /^lor2c(?!-worker-)/.test(name));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  if (left.length > 0) throw new Error(`${left.length} temporary folders were not removed: ${left.join(", ")}`);
}
