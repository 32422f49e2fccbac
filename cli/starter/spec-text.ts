import { dirname, relative, resolve, sep } from "node:path";
import type { Surveyed } from "../protocol/messages.js";
import { nameFrom } from "../spec/characters.js";
import { modeline } from "../spec/modeline.js";
import { budgetFor, DEV_ROWS, lengthsFor } from "./budget.js";
import type { Guess } from "./guess.js";

/** Labels that a comment names. */
const MOST_LABELS = 8;

export interface Starter {
  /** The spec that is written. */
  specFile: string;
  /** Its name without folder and ending. */
  name: string;
  /** The file or folder with the rows. */
  dataFile: string;
}

/** The model of the spec, whose tokenizer counts tokens. */
export const MODEL = "minilm";

/** A commented spec for these columns. */
export function specText({ specFile, name, dataFile }: Starter, surveyed: Surveyed, guess: Guess): string {
  const { rows, more, splits } = surveyed;
  const oneSet = splits.length === 1;
  const trainRows = oneSet ? Math.round(rows * (1 - DEV_ROWS)) : rows;
  const { num_train_epochs, batch_size } = budgetFor(trainRows);
  const { max_length, p99 } = lengthsFor([...guess.text, ...(guess.pair ? [guess.pair] : [])]);
  const count = `${more ? "the first " : ""}${rows.toLocaleString("en-US")} rows`;
  return `${[
    modeline(specFile),
    "#",
    `# Made by \`lor2c init --data\` from a look at ${count} of ${text(dataFile)}.`,
    "#",
    `#     lor2c data ${specFile}      # its rows: labels, lengths, repeats, what is cut`,
    `#     lor2c plan ${specFile}      # what would run, without running it`,
    `#     lor2c run ${specFile}`,
    "#",
    "# `lor2c explain` lists every key; `lor2c explain train.learning_rate` says what one means.",
    "",
    `name: ${JSON.stringify(nameFrom(name))}`,
    "",
    "# The backbone stays frozen. A hub id (FacebookAI/roberta-base) or a local folder (./my-model) works as well; `minilm`",
    "# names weights that come with the installation.",
    `model: ${MODEL}`,
    "",
    ...taskLines(guess),
    "",
    "data:",
    `  path: ${text(pathFrom(specFile, oneSet ? (splits[0]?.files[0] ?? dataFile) : dataFile))}`,
    ...(oneSet
      ? [
          ...comment(
            `A share of the rows is never trained on and shows how good the model is${guess.kind === "classify" ? "; it has as much of each label" : ""}. Another split_seed draws other rows. A number of rows works too.`,
          ),
          `  dev_rows: ${DEV_ROWS}`,
        ]
      : []),
    ...guess.unsure.flatMap((one) => comment(`Unsure: ${one}.`)),
    `  columns: {${columnsOf(guess)}}`,
    "",
    "# LoR2C: a low-rank residual branch around every layer. `lor2c explain` lists the other methods.",
    "method: {name: lor2c, rank: 8}",
    "",
    "# Whatever is not written here has a default: AdamW, linear schedule with warm-up, gradients clipped at norm 1.",
    "train:",
    `  # For about ${trainRows.toLocaleString("en-US")} rows to train on; the best epoch is kept.`,
    `  num_train_epochs: ${num_train_epochs}`,
    `  batch_size: ${batch_size}`,
    "  learning_rate: 2e-3",
    `  # 99 % of the rows have at most ${p99} tokens; longer ones are cut. \`lor2c data\` counts them.`,
    `  max_length: ${max_length}`,
    "",
    "# The same seed always gives the same initial weights, order of rows and dropout.",
    "seed: 17",
    ...(oneSet ? FIVE_SPLITS : []),
  ].join("\n")}\n`;
}

const FIVE_SPLITS = [
  "",
  "# One split says little about few rows. Without the # signs this trains on five, for a mean with its interval.",
  "# sweep:",
  "#   grid: {data.split_seed: 0..4}",
];

function taskLines({ kind, label }: Guess): string[] {
  if (kind === "regress")
    return [`# ${text(label.column)} is a number, and the model predicts its value.`, "task: regress"];
  const several = kind === "multi_label" ? "Each row has any number of" : "Each row has one of";
  const shown = label.values
    .slice(0, MOST_LABELS)
    .map(({ value, rows }) => `${text(value)} (${rows.toLocaleString("en-US")})`);
  const rest = label.distinct > shown.length ? ", ..." : "";
  return [`# ${several} ${label.distinct} labels: ${shown.join(", ")}${rest}.`, "task: classify"];
}

function columnsOf({ text: texts, pair, label }: Guess): string {
  const names = texts.map(({ column }) => text(column));
  const parts = [`text: ${names.length === 1 ? names[0] : `[${names.join(", ")}]`}`];
  if (pair) parts.push(`text_pair: ${text(pair.column)}`);
  return [...parts, `label: ${text(label.column)}`].join(", ");
}

/** The path from the spec's folder, so that both can move together. */
function pathFrom(specFile: string, dataFile: string): string {
  const path = relative(dirname(resolve(specFile)), resolve(dataFile))
    .split(sep)
    .join("/");
  return /^\.\.?\/|^\//.test(path) ? path : `./${path}`;
}

const PLAIN = /^[./]*[A-Za-z][A-Za-z0-9_./-]*$/;
const NOT_TEXT = /^(true|false|null|yes|no|on|off|y|n)$/i;

/** A text as comment lines of the section `data`. */
function comment(words: string): string[] {
  const lines: string[] = [];
  for (const word of escaped(words).split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 116) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  # ${word}`);
  }
  return lines;
}

/** What nobody sees, and what would end a comment, is escaped as YAML escapes it. */
const escaped = (words: string): string =>
  words.replace(/[\p{C}\p{Z}]/gu, (mark) => {
    const code = mark.codePointAt(0) ?? 0;
    if (mark === " ") return mark;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });

/** A value as YAML, quoted where it must be. It can stand in a comment too. */
function text(value: string): string {
  if (PLAIN.test(value) && !NOT_TEXT.test(value)) return value;
  return escaped(JSON.stringify(value));
}
