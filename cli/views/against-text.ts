import type { AgainstResult, VerifiedRun } from "../verify/against.js";
import { plural, shortId } from "./format.js";
import { oneLine } from "./parts/visible.js";
import { basisText } from "./verified-text.js";

/** What `lor2c verify SPEC --against FILE` found: a line for each run, and the first value in which it differs. */
export function againstText({ reference, deviceClass, same, runs, notes }: AgainstResult): string {
  const compared = runs.reduce((sum, run) => sum + run.compared, 0);
  const unknown = runs.filter((run) => run.cannotCompare !== null).length;
  const bad = runs.filter((run) => !run.same).length - unknown;
  const bases = new Set(runs.filter((run) => run.cannotCompare === null).map(({ basis }) => basisText(basis)));
  const others = same || unknown > 0 ? "" : ", but others of the spec cannot run";
  const verdict =
    bad > 0
      ? `different: ${bad} of ${plural(runs.length, "run")} gave other values than ${reference}`
      : `${same ? "same" : "not all"}: ${plural(runs.length - unknown, "run")} gave all ${compared} values of ${reference} again${others}`;
  return [
    ...runs.flatMap(runLines),
    "",
    ...(unknown > 0 ? [`cannot compare: ${unknown} of ${plural(runs.length, "run")} with ${reference}`] : []),
    ...(unknown === runs.length ? [] : [verdict]),
    ...[...bases].map((basis) => `compared ${basis}`),
    `reference: ${deviceClass}`,
    ...notes.map((note) => `note: ${note}`),
  ].join("\n");
}

const runLines = (run: VerifiedRun): string[] => [
  `${wordOf(run).padEnd("different".length)}  ${shortId(run.run)}  ${oneLine(run.label)}`,
  ...(run.same ? [] : [`    ${partingText(run)}`]),
  ...run.log.map((line) => `    | ${line}`),
];

const wordOf = ({ same, cannotCompare }: VerifiedRun): string =>
  same ? "same" : cannotCompare === null ? "different" : "unknown";

function partingText({ cannotCompare, failed, partings, compared }: VerifiedRun): string {
  if (cannotCompare !== null) return `cannot be compared: ${oneLine(cannotCompare)}`;
  if (failed !== null) return oneLine(failed);
  const [first] = partings;
  const more = partings.length > 1 ? ` (the first of ${partings.length} differences in ${compared} values)` : "";
  return first ? `${first.what}: was ${first.stored}, is ${first.again}${more}` : "";
}

/** A workflow command of GitHub Actions for each run that differs or cannot be compared, which the page of a change shows beside the file. */
export function annotations({ reference, runs }: AgainstResult): string[] {
  return runs
    .filter((run) => !run.same)
    .map((run) => annotation(reference, `${run.run} (${oneLine(run.label)}): ${partingText(run)}`));
}

/** Escaped as GitHub's documentation of workflow commands asks: a value ends at a comma, a command at a line feed. */
export function annotation(file: string, message: string): string {
  const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return `::error file=${property(file)},title=lor2c verify::${data(message)}`;
}
