import type { Surveyed } from "../protocol/messages.js";
import type { Guess } from "./guess.js";
import type { Column } from "./names.js";

const KINDS = {
  classify: "classify: each row has one of the labels",
  multi_label: "classify: each row has any number of the labels",
  regress: "regress: the label is a number",
} as const;
/** Values that are told of a label. */
const MOST = 6;

const number = (value: number) => value.toLocaleString("en-US");

/** What `lor2c init --data` says about its guess: one fact a line, then what it is unsure of. */
export function guessText({ rows, more, splits }: Surveyed, guess: Guess, file: string): string {
  const { text, pair, label, kind, unsure } = guess;
  const looked = more ? `more than ${number(rows)} rows, of which the first were looked at` : `${number(rows)} rows`;
  const sets = splits.length === 1 ? "" : " to train on, and a dev split";
  const lines = [
    `${file}: ${looked}${sets}`,
    ...text.map((column, i) => `  text       ${column.column}: ${lengthOf(column)}${i === 0 ? "" : ", joined to it"}`),
    ...(pair ? [`  text_pair  ${pair.column}: ${lengthOf(pair)}`] : []),
    `  label      ${label.column}: ${valuesOf(label, kind)}`,
    `  task       ${KINDS[kind]}`,
    ...unsure.map((one) => `unsure: ${one}`),
  ];
  return `${lines.join("\n")}\n`;
}

const lengthOf = ({ words, tokens }: Column): string =>
  `about ${number(Math.round(words))} words a row${tokens ? `, ${number(tokens.median)} tokens` : ""}`;

function valuesOf({ values, distinct }: Column, kind: Guess["kind"]): string {
  if (kind === "regress") return `${number(distinct)} different numbers`;
  const shown = values.slice(0, MOST).map(({ value, rows }) => `${value} ${number(rows)}`);
  return `${number(distinct)} values: ${shown.join(", ")}${distinct > shown.length ? ", ..." : ""}`;
}
