import { readFileSync, statSync } from "node:fs";
import type { ProblemList } from "./issues.js";
import { isMapping, type Mapping } from "./merge.js";
import type { Layer } from "./places.js";
import { readYaml } from "./yaml-source.js";

/** Far above any real spec (a few kB); keeps a wrong file name from filling the memory. */
const MAX_BYTES = 1024 * 1024;

export interface SpecFile {
  file: string;
  text: string;
  value: Mapping;
  layer: Layer;
}

/** Read one spec file as a mapping. What is wrong with it is added to `problems`; undefined when nothing is left to check. */
export function readSpecFile(file: string, problems: ProblemList): SpecFile | undefined {
  const start = { file, line: 1, column: 1, path: "" };
  let bytes: Buffer;
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) {
      problems.add({ ...start, message: `is ${size.toLocaleString("en")} bytes; a spec has at most 1 MiB` });
      return undefined;
    }
    bytes = readFileSync(file);
  } catch (error) {
    problems.add({ ...start, message: `cannot be read: ${reason(error)}` });
    return undefined;
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    problems.add({ ...start, message: "is not UTF-8 text", hint: "save it as UTF-8" });
    return undefined;
  }
  const source = readYaml(text, file);
  for (const problem of source.problems) problems.add(problem);
  if (source.value === undefined) return undefined;
  if (isMapping(source.value)) return { file, text, value: source.value, layer: source.layer };
  const found =
    source.value === null ? "is empty" : `holds ${Array.isArray(source.value) ? "a list" : "a single value"}`;
  problems.add({
    ...start,
    message: `${found}; a spec is a mapping of keys`,
    hint: "`lor2c init` writes one to start from",
  });
  return undefined;
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "EACCES" || code === "EPERM") return "no permission";
  return message;
}
