/** Signs and words of changes of the structure. */
import type { EventOf } from "../../../protocol/messages.js";
import type { ChangeRow } from "../../../store/read.js";
import { formatCount } from "../../../views/format.js";
import { prose } from "../../../views/parts/prose.js";
import { changeLine, type TimelineData } from "../../../views/timeline/data.js";
import type { Line } from "../../line.js";

export type ChangeKind = EventOf<"change">["kind"];

/** Every kind of change has a sign: a new kind does not compile without one. */
export const CHANGES: Readonly<Record<ChangeKind, { sign: string; meaning: string }>> = {
  merge: { sign: "m", meaning: "merged here" },
  inject: { sign: "i", meaning: "injected here" },
};

/** A database of a newer lor2c may have other kinds: they are shown by their first letter. */
export function changeSign(kind: string): { sign: string; meaning: string } {
  const known = Object.hasOwn(CHANGES, kind) ? CHANGES[kind as ChangeKind] : undefined;
  return known ?? { sign: /^[a-z]/.exec(kind)?.[0] ?? "?", meaning: `${kind} here` };
}

/** Layers that a change is about. */
export const covers = ({ span_start, span_end }: ChangeRow, layer: number): boolean =>
  span_start <= layer && layer <= span_end;

/** What was trained from the start, then each change as `lor2c show RUN timeline` says it: the lines of each. */
export function changeEntries({ scores, changes }: TimelineData, columns: number): Line[][] {
  const [first] = scores;
  const started = first && changes.every(({ step }) => step >= first.step) ? first.trainable_parameters : null;
  const words = [
    started === null ? "" : `${formatCount(started)} trainable from the start`,
    changes.length === 0 && scores.length > 0 ? "no change yet" : "",
  ].filter((word) => word !== "");
  return [
    ...words.map((word) => prose(word, columns).map((line): Line => [{ text: line, role: "dim" }])),
    ...changes.map((change) => prose(changeLine(change), columns).map((line): Line => [{ text: line }])),
  ];
}
