import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** SHA-256 over the contents of files (missing ones included as such) and other texts. @param {string[]} files @param {string[]} texts */
export function hashOf(files, texts = []) {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = read(file);
    hash.update(`${content === undefined ? "missing" : content.length}\0`).update(content ?? "");
  }
  for (const text of texts) hash.update(`${text}\0`);
  return hash.digest("hex");
}

/** Files under `folder` for which `wanted` holds, sorted. @param {string} folder @param {(name: string) => boolean} wanted @returns {string[]} */
export function filesUnder(folder, wanted) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesUnder(path, wanted);
      return wanted(entry.name) ? [path] : [];
    })
    .sort();
}

/** What a step wrote when it was done; undefined if it was never done. @param {string} file @returns {Record<string, any> | undefined} */
export function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Writes a stamp, last and atomically, so that a stamp exists only after its step. @param {string} file @param {object} value */
export function writeStamp(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 1)}\n`);
  renameSync(temporary, file);
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
