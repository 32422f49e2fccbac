import type { Issue } from "./issues.js";
import { isMapping } from "./merge.js";

/** Any other name may be one of the hub, but not a packaged one in other letters. */
export function modelIssues(model: unknown, packaged: readonly string[]): Issue[] {
  const name = isMapping(model) ? model.name : undefined;
  if (typeof name !== "string" || packaged.includes(name)) return [];
  const near = packaged.find((one) => one.toLowerCase() === name.toLowerCase());
  if (near === undefined) return [];
  return [
    { path: ["model", "name"], message: `unknown model "${name}"`, hint: `did you mean \`${near}\`?`, want: "value" },
  ];
}
