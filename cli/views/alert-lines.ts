import type { JobAlert } from "../job/reporter.js";
import { formatCount, shortId } from "./format.js";

/** More runs of one kind are counted. */
const MOST_RUNS = 4;

/** A line for each kind of alert that no other part of the closing block tells of. */
export function alertLines(alerts: readonly JobAlert[]): string[] {
  const kinds = new Map<string, JobAlert[]>();
  for (const alert of alerts) {
    if (alert.kind === "collapsed" || alert.level === "error") continue; // among the collapsed and the failed runs
    kinds.set(alert.kind, [...(kinds.get(alert.kind) ?? []), alert]);
  }
  return [...kinds].map(([kind, of]) => `alert: ${kind.replaceAll("_", " ")}: ${whatAndWhose(of)}`);
}

function whatAndWhose(alerts: readonly JobAlert[]): string {
  const runs = [...new Set(alerts.flatMap((alert) => alert.runs))];
  const [first] = alerts;
  const names = runs.slice(0, MOST_RUNS).map(shortId);
  const more = runs.length > MOST_RUNS ? ` and ${formatCount(runs.length - MOST_RUNS)} more` : "";
  const whose = `${names.join(", ")}${more}`;
  return alerts.length === 1 && first
    ? `${first.message} (${whose})`
    : `${formatCount(runs.length)} ${runs.length === 1 ? "run" : "runs"}: ${whose}; \`lor2c show RUN alerts\` says more`;
}
