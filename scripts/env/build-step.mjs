import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";
import { filesUnder, hashOf, readStamp, writeStamp } from "./stamp.mjs";
import { steps } from "./worker-env.mjs";

/**
 * Bundles the sources into dist/. It builds beside dist/ and then swaps the folders, so nothing of a removed source
 * stays, and an interrupted build leaves the old folder.
 * @param {string} root
 * @param {{ log: string, progress: import("./progress.mjs").Progress, signal: AbortSignal }} options
 */
export function buildStep(root, { log, progress, signal }) {
  const dist = join(root, "dist");
  const [fresh, old] = [`${dist}.new`, `${dist}.old`];
  const stamp = join(dist, ".lor2c-stamp.json");
  return {
    isCurrent: () => {
      const { key, program } = readStamp(stamp) ?? {};
      // The stamp does not count if another program, such as the compiler, has written there since.
      return key === sourcesHash(root) && program === hashOf([join(dist, "cli", "main.js")]);
    },
    make: () =>
      steps(progress, "build", async (line) => {
        const key = sourcesHash(root);
        for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
        const command = [process.execPath, join(root, "scripts", "bundle.mjs"), fresh];
        await run(command, { log, signal, line, cwd: root });
        if (existsSync(dist)) renameSync(dist, old);
        renameSync(fresh, dist);
        rmSync(old, { recursive: true, force: true });
        writeStamp(stamp, { key, program: hashOf([join(dist, "cli", "main.js")]) });
      }),
  };
}

/** @param {string} root */
function sourcesHash(root) {
  const isSource = (/** @type {string} */ name) => /\.(tsx?|mjs|json)$/.test(name) && !/\.test\.tsx?$/.test(name);
  const sources = ["cli", "scripts"].flatMap((folder) => filesUnder(join(root, folder), isSource));
  // The packages go into the bundle.
  const settings = ["tsconfig.json", "package-lock.json"].map((name) => join(root, name));
  return hashOf([...sources, ...settings], sources);
}
