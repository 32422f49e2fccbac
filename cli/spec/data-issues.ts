/** Keys of `data` that exclude each other, and columns that are used twice. */
import type { Issue } from "./issues.js";
import { isMapping } from "./merge.js";
import type { Path } from "./places.js";

export function dataIssues(data: unknown): Issue[] {
  if (!isMapping(data)) return [];
  const has = (key: string) => data[key] !== undefined && data[key] !== null;
  const issues: Issue[] = [];
  const report = (key: string, message: string, hint: string) =>
    issues.push({ path: ["data", key], message, hint, want: "value" });
  if (has("path") && has("hub")) {
    report("hub", "data.path and data.hub are both given; rows come from one of them", "set one to null");
  }
  if (has("path") && has("config")) {
    report("config", "is of a data set on the hub, and the rows come from data.path", "leave it out");
  }
  if (has("dev_rows") && has("dev_split")) {
    const message = "data.dev_rows and data.dev_split are both given; evaluation rows come from one of them";
    report("dev_rows", message, "set one to null");
  }
  return [...issues, ...columnIssues(data.columns)];
}

function columnIssues(columns: unknown): Issue[] {
  if (!isMapping(columns)) return [];
  const used = new Map<string, string>();
  const issues: Issue[] = [];
  for (const key of ["text", "text_pair", "label", "prompt", "input", "response", "messages"]) {
    const written = columns[key];
    for (const [i, name] of [written].flat().entries()) {
      if (typeof name !== "string") continue;
      const path: Path = ["data", "columns", key, ...(Array.isArray(written) ? [i] : [])];
      const before = used.get(name);
      if (before === undefined) used.set(name, key);
      else issues.push({ path, message: `the column ${name} is data.columns.${before} already`, want: "value" });
    }
  }
  return issues;
}
