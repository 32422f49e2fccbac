import { UsageError } from "../errors.js";
import type { Surveyed } from "../protocol/messages.js";
import { suggestion } from "../spec/suggest.js";
import { guessLabel } from "./guess-label.js";
import { guessTexts } from "./guess-texts.js";
import type { Column } from "./names.js";

/** Columns that the user has named. */
export interface Asked {
  text: readonly string[];
  textPair?: string | undefined;
  label?: string | undefined;
}

export interface Guess {
  text: [Column, ...Column[]];
  pair: Column | null;
  label: Column;
  kind: "classify" | "multi_label" | "regress";
  /** What else it could be, each with what to change. */
  unsure: string[];
}

/** Which columns are texts and which one is the label. Throws a UsageError that says which options to give. */
export function guess(surveyed: Surveyed, asked: Asked, file: string): Guess {
  const { columns, rows } = surveyed;
  const find = (name: string, option: string): Column => {
    const found = columns.find(({ column }) => column === name);
    if (found) return found;
    const names = columns.map(({ column }) => column);
    throw new UsageError("COLUMN_UNKNOWN", `${option} ${name}: ${file} has no such column`, suggestion(name, names));
  };
  const named = {
    text: asked.text.map((name) => find(name, "--text")),
    pair: asked.textPair === undefined ? undefined : find(asked.textPair, "--text-pair"),
    label: asked.label === undefined ? undefined : find(asked.label, "--label"),
  };
  const taken = [...named.text, ...(named.pair ? [named.pair] : [])];
  const twice = taken.find((one, i) => one === named.label || taken.indexOf(one) !== i);
  if (twice) {
    throw new UsageError("COLUMN_TWICE", `${twice.column} is named twice`, "a column is a text or the label, once");
  }
  if (!named.label) refuseInstructions(columns, file);
  const label = guessLabel(columns, rows, named.label, taken);
  if (!label) throw unclear("label", "--label COL", file, columns);
  const texts = guessTexts(
    columns.filter((column) => column !== label.label),
    rows,
    named,
  );
  if (!texts)
    throw unclear("text", "--text COL (repeat it to join several, --text-pair COL for a pair)", file, columns);
  return { ...texts, ...label, unsure: [...texts.unsure, ...label.unsure] };
}

/** Columns that `task: instruct` takes by their names; `OBVIOUS` of data/instruct_columns.py, without those that pairs with labels have too. */
const CONVERSATIONS = ["messages", "conversation", "conversations"];
const PROMPTS = ["instruction", "prompt"];
const RESPONSES = ["output", "response", "completion"];

/** Rows to learn answers from have no label. A UsageError that says how to train on them. */
function refuseInstructions(columns: readonly Column[], file: string): void {
  const first = (names: readonly string[]) => names.find((name) => columns.some(({ column }) => column === name));
  const [conversation, prompt, response] = [first(CONVERSATIONS), first(PROMPTS), first(RESPONSES)];
  const rows = conversation ? `conversations (${conversation})` : `prompts with responses (${prompt}, ${response})`;
  if (!conversation && !(prompt && response)) return;
  throw new UsageError(
    "ROWS_OF_INSTRUCTIONS",
    `${file} has ${rows}, and init writes specs for rows with a label`,
    "train on them with task: instruct (docs/instructions.md), or name a label with --label COL",
  );
}

function unclear(what: string, option: string, file: string, columns: readonly Column[]): UsageError {
  const list = columns.map(
    ({ column, kind, distinct }) => `${JSON.stringify(column)} (${kind}, ${distinct} different)`,
  );
  return new UsageError(
    "COLUMNS_UNCLEAR",
    `${file}: no column looks like the ${what}. It has ${list.join(", ")}`,
    `name it with ${option}`,
  );
}
