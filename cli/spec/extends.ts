import { statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { unusable } from "./characters.js";
import { issuesOf, ProblemList } from "./issues.js";
import { specJsonSchemaRaw } from "./keys.js";
import { readSpecFile, type SpecFile } from "./read-file.js";
import { FileSchema } from "./schema.js";

/**
 * The file of `extends:`; undefined without one, null if it cannot be used. One level only, so that two files show
 * everything.
 */
export function readExtended(source: SpecFile, problems: ProblemList): SpecFile | undefined | null {
  const name = source.value.extends;
  if (typeof name !== "string" || name === "") {
    const wrong =
      name === undefined ? [] : (FileSchema.pick({ extends: true }).safeParse({ extends: name }).error?.issues ?? []);
    problems.addIssues(issuesOf(wrong, specJsonSchemaRaw(), source.value), [source.layer]);
    return undefined;
  }
  if (unusable(name) !== undefined) return null; // already reported
  const file = isAbsolute(name) ? name : join(dirname(source.file), name);
  const inner = new ProblemList();
  const report = (message: string, hint?: string) =>
    problems.addIssues([{ path: ["extends"], message, hint, want: "value" }], [source.layer]);
  // Reading a named pipe without a writer would wait silently.
  if (statSync(file, { throwIfNoEntry: false })?.isFIFO()) {
    report(`${file} is a pipe; only a file can be extended`);
    return null;
  }
  const base = readSpecFile(file, inner);
  if (!base && inner.problems.every((problem) => problem.message.startsWith("cannot be read"))) {
    // The user must correct the line that names the file.
    report(`${file} ${inner.problems[0]?.message ?? "cannot be read"}`);
    return null;
  }
  for (const problem of inner.problems) problems.add(problem);
  if (!base) return null;
  if (base.value.extends !== undefined) {
    report(`${file} extends another file itself`, "one level only: extend that file directly, or copy its keys");
    return null;
  }
  return base;
}
