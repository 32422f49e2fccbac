import { getDiff, reproductionOf, type StoredDiff } from "../store/read.js";
import { plural } from "./format.js";
import { formatBytes } from "./parts/bytes.js";
import { type Fact, facts } from "./parts/facts.js";
import { prose } from "./parts/prose.js";
import { loadEach, textOfEach, type View } from "./view.js";

export interface EnvironmentData {
  /** By dotted name, see `reproductionOf`; null: no attempt has begun. */
  environment: Record<string, string> | null;
  /** Uncommitted changes of the folder that it was started in. */
  diff: StoredDiff | null;
}

/** Where and from what a run was trained: what it takes to train it again with the same numbers. */
export const environment: View<EnvironmentData> = {
  load: loadEach((store, { attempt_id }) => ({
    environment: attempt_id === null ? null : Object.fromEntries(reproductionOf(store, attempt_id)),
    diff: attempt_id === null ? null : getDiff(store, attempt_id),
  })),
  text: textOfEach(environmentText),
};

/** What the text calls groups of dotted names. */
const GROUPS: Record<string, string> = {
  computing: "what computes",
  package: "packages",
  variable: "variables",
  hash: "hashes",
};
/** Digits of a hash that tell it from others; `--json` has all. */
const DIGITS = 16;

function environmentText({ environment, diff }: EnvironmentData, width: number | null): string {
  if (environment === null) return "no attempt has begun";
  const groups = new Map<string, Fact[]>();
  for (const [name, text] of Object.entries(environment)) {
    const dot = name.indexOf(".");
    const known = dot > 0 && name.slice(0, dot) in GROUPS;
    const group = known ? name.slice(0, dot) : "";
    const fact: Fact = [known ? name.slice(dot + 1) : name.replace(".", " "), shortened(text)];
    groups.set(group, [...(groups.get(group) ?? []), fact]);
  }
  return [...groups]
    .map(([group, list]) => (group === "" ? facts(list, width) : [GROUPS[group], ...indented(list, width)]))
    .concat(diff ? [diffLines(diff, width)] : [])
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

const indented = (list: readonly Fact[], width: number | null): string[] =>
  facts(list, width === null ? null : width - 2).map((line) => `  ${line}`);

const shortened = (text: string): string =>
  text.replace(/^(?:sha256:)?([0-9a-f]{40,})$/, (_, hash: string) => hash.slice(0, DIGITS));

/** The command stays whole, so that people can copy it. */
function diffLines({ sha256, bytes, text }: StoredDiff, width: number | null): string[] {
  const size = `uncommitted changes, ${formatBytes(bytes)}`;
  if (text === null) return prose(`${size}: only their hash is stored`, width);
  const files = text.match(/^diff --git /gm)?.length ?? 0;
  const added = text.match(/^\+(?!\+\+ )/gm)?.length ?? 0;
  const removed = text.match(/^-(?!-- )/gm)?.length ?? 0;
  const what = `${size}: ${plural(files, "file")}, ${plural(added, "line")} added, ${removed} removed; to print them:`;
  return [
    ...prose(what, width),
    `  lor2c query "SELECT text FROM git_diffs WHERE sha256 LIKE '${sha256.slice(0, DIGITS)}%'"`,
  ];
}
