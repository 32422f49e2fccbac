import type { Surveyed } from "../protocol/messages.js";

export type Column = Surveyed["columns"][number];

const LABELS = words(
  "label labels class classes category categories target sentiment intent tag tags topic topics mood feeling opinion outcome star stars score rating grade value quality similarity gold verdict polarity emotion y",
);
const NUMBERS = words("score rating grade value quality similarity star stars price");
const TEXTS = words(
  "text texts sentence review reviews content body comment message question passage document tweet post utterance description abstract premise query prompt",
);
/** Facts about a row that are seldom what one wants to predict. */
const FACTS = words(
  "channel source language lang country region city split fold author user name product department version",
);
const IDS = words("id ids idx index guid uuid uid key row nr no date time timestamp url file filename unnamed");

/** Columns that are read as two texts of a pair. */
const PAIRS: readonly [string, string][] = [
  ["premise", "hypothesis"],
  ["question", "sentence"],
  ["question", "answer"],
  ["question", "passage"],
  ["question", "context"],
  ["query", "document"],
  ["query", "passage"],
  ["source", "target"],
];

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}

/** `gold_label`, `goldLabel` and `Label2` have the word `label`. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter(Boolean);

const hasOneOf = (name: string, known: ReadonlySet<string>) => wordsOf(name).some((word) => known.has(word));

export const namedLabel = ({ column }: Column): boolean => hasOneOf(column, LABELS);
export const namedNumber = ({ column }: Column): boolean => hasOneOf(column, NUMBERS);
export const namedText = ({ column }: Column): boolean => hasOneOf(column, TEXTS);
export const namedFact = ({ column }: Column): boolean => hasOneOf(column, FACTS);
/** Index columns that pandas writes have an empty name. */
export const namedId = ({ column }: Column): boolean => column.trim() === "" || hasOneOf(column, IDS);

/** Two of the columns whose names say that they are a pair: `premise` and `hypothesis`, `text1` and `text2`. */
export function namedPair(columns: readonly Column[]): [Column, Column] | undefined {
  for (const first of columns) {
    for (const second of columns) {
      if (first !== second && isPair(first.column.toLowerCase(), second.column.toLowerCase())) return [first, second];
    }
  }
  return undefined;
}

function isPair(first: string, second: string): boolean {
  if (PAIRS.some(([one, other]) => first === one && second === other)) return true;
  const numbered = /^(?<stem>.*?)[ _.-]?(?<end>1|a)$/.exec(first);
  if (!numbered?.groups) return false;
  const { stem = "", end } = numbered.groups;
  const other = end === "1" ? "2" : "b";
  return stem !== "" && new RegExp(`[ _.-]?${other}$`).test(second) && second.replace(/[ _.-]?.$/, "") === stem;
}
