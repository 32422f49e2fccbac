/**
 * Writes the files that are made from other files. `npm run generate` writes them, `npm run generate -- --check`
 * compares and exits 1, naming the file and the command that brings it up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { packageFile } from "../cli/spec/package-files.js";
import { pythonMessages } from "./python-messages.js";

const TARGETS: { file: string[]; make: () => string }[] = [
  { file: ["python-worker", "lor2c_worker", "messages.py"], make: pythonMessages },
];

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function main(check: boolean): number {
  let stale = 0;
  for (const { file, make } of TARGETS) {
    const path = packageFile(...file);
    const text = make();
    if (current(path) === text) continue;
    if (check) {
      stale += 1;
      process.stderr.write(`${file.join("/")} is out of date; run: npm run generate\n`);
    } else {
      writeFileSync(path, text);
      process.stdout.write(`wrote ${file.join("/")}\n`);
    }
  }
  return stale > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.includes("--check"));
