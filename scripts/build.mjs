/** Brings dist/ up to date, for `npm run build` and for the tests that start the built program. */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildStep } from "./env/build-step.mjs";
import { withLock } from "./env/lock.mjs";
import { createProgress } from "./env/progress.mjs";

/** Does nothing when dist/ is current. Waits for another build or set-up that is running. */
export async function ensureBuilt() {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const progress = createProgress();
  const { signal } = new AbortController();
  const log = join(root, ".setup", "build.log");
  const step = buildStep(root, { log, progress, signal });
  if (step.isCurrent()) return;
  const waiting = (/** @type {string} */ holder) =>
    progress.info(`${holder} is building or setting up; waiting for it.`);
  await withLock(join(root, ".setup", "lock"), { waiting, signal }, async () => {
    if (step.isCurrent()) return;
    rmSync(log, { force: true }); // keep the output of one build only
    await step.make();
  });
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await ensureBuilt();
