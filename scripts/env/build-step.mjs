import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";
import { filesUnder, hashOf, readStamp, writeStamp } from "./stamp.mjs";
import { steps } from "./worker-env.mjs";

/**
 * TypeScript to dist/. Built beside it and swapped in whole: nothing of a removed source stays, and an interrupted build
 * leaves the old one.
 * @param {string} root
 * @param {{ log: string, progress: import("./progress.mjs").Progress, signal: AbortSignal }} options
 */
export function buildStep(root, { log, progress, signal }) {
  const dist = join(root, "dist");
  const [fresh, old] = [`${dist}.new`, `${dist}.old`];
  const stamp = join(dist, ".lor2c-stamp.json");
  return {
    isCurrent: () => readStamp(stamp)?.key === sourcesHash(root),
    make: () =>
      steps(progress, "build", async (line) => {
        const key = sourcesHash(root);
        for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
        const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
        const command = [process.execPath, tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh];
        await run(command, { log, signal, line, cwd: root });
        chmodSync(join(fresh, "cli", "main.js"), 0o755); // `npx lor2c` starts the file itself
        if (existsSync(dist)) renameSync(dist, old);
        renameSync(fresh, dist);
        rmSync(old, { recursive: true, force: true });
        writeStamp(stamp, { key });
      }),
  };
}

/** @param {string} root */
function sourcesHash(root) {
  const isSource = (/** @type {string} */ name) => /\.(tsx?|mjs|json)$/.test(name) && !/\.test\.tsx?$/.test(name);
  const sources = ["cli", "scripts"].flatMap((folder) => filesUnder(join(root, folder), isSource));
  const settings = ["tsconfig.json", "tsconfig.build.json"].map((name) => join(root, name));
  // The compiler's version, not the whole lock: another dependency's new patch changes nothing here.
  const compiler = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages[
    "node_modules/typescript"
  ];
  return hashOf([...sources, ...settings], [...sources, compiler.version]);
}
