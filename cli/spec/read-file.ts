import type { ProblemList } from "./issues.js";
import { isMapping, type Mapping } from "./merge.js";
import type { Layer } from "./places.js";
import { readBytes } from "./read-bytes.js";
import { slipsOf } from "./yaml-slips.js";
import { readYaml } from "./yaml-source.js";

export interface SpecFile {
  file: string;
  text: string;
  value: Mapping;
  layer: Layer;
}

/** Reads a spec file as a mapping. Adds its problems to `problems`; undefined if there is nothing left to check. */
export function readSpecFile(file: string, problems: ProblemList): SpecFile | undefined {
  const start = startOf(file);
  const bytes = readBytes(file);
  if (typeof bytes === "string") {
    problems.add({ ...start, message: bytes });
    return undefined;
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    problems.add({ ...start, message: "is not UTF-8 text", hint: "save it as UTF-8" });
    return undefined;
  }
  return readSpecText(text, file, problems);
}

/** The same for a text, as if it were in `file`. */
export function readSpecText(text: string, file: string, problems: ProblemList): SpecFile | undefined {
  const start = startOf(file);
  const source = readYaml(text, file);
  for (const problem of source.problems) problems.add(problem);
  if (source.value === undefined) return undefined;
  if (isMapping(source.value)) return { file, text, value: source.value, layer: source.layer };
  // Every line lacks its colon or space, so that YAML reads all of them as one text.
  const slips = typeof source.value === "string" && /[\s:]/.test(source.value) ? slipsOf(text, 0, text.length) : [];
  for (const { at, message, hint } of slips)
    problems.add({ ...start, ...placeAt(text, at), message, ...(hint && { hint }) });
  if (slips.length > 0) return undefined;
  const found =
    source.value === null ? "is empty" : `holds ${Array.isArray(source.value) ? "a list" : "a single value"}`;
  problems.add({
    ...start,
    message: `${found}; a spec is a mapping of keys`,
    hint: Array.isArray(source.value)
      ? "leave out the `- ` before each key, or start from `lor2c init`"
      : "`lor2c init` writes one to start from",
  });
  return undefined;
}

const startOf = (file: string) => ({ file, line: 1, column: 1, path: "" });

function placeAt(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
