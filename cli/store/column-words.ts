/** Takes the list after `--columns` apart: commas, ` as `, and names in quotes, as SQL has them. Pure. */
import { UsageError } from "../errors.js";

/** A column as written, without its quotes. */
export interface ColumnWords {
  text: string;
  /** What stands before ` as `. */
  key: string;
  heading: string | undefined;
  /** The parts of a key whose name stands in quotes: `last:train/"a, b"@3`. */
  quoted?: { end: string | undefined; split: string | undefined; name: string; at: string | undefined };
}

/** What may stand before a name in quotes: `last:`, `train/`. */
const LEAD = /^(?:([a-z]+):)?(?:(train|eval|holdout)\/)?(?=["'])/;
const QUOTED = /^(["'])((?:(?!\1)[\s\S]|\1\1)*)\1/;

/** Throws UsageError for a quote without an end, and for what follows one. */
export function columnWords(list: string): ColumnWords[] {
  const found: ColumnWords[] = [];
  for (let rest: string | undefined = list; rest !== undefined; ) {
    const trimmed: string = rest.trimStart();
    const lead = LEAD.exec(trimmed);
    const { key, quoted, after } = lead ? quotedKey(trimmed, lead) : plainKey(trimmed);
    const heading = headingOf(after);
    const left = heading?.after ?? after;
    const end = /^\s*(?:,|$)/.exec(left);
    if (!end) throw wrong(list, `a comma is missing before ${JSON.stringify(left.trim())}`);
    const text = trimmed.slice(0, trimmed.length - left.length).trim();
    found.push({ text, key, heading: heading?.text, ...(quoted && { quoted }) });
    rest = end[0].endsWith(",") ? left.slice(end[0].length) : undefined;
  }
  return found;
}

interface Key {
  key: string;
  quoted?: ColumnWords["quoted"];
  after: string;
}

function quotedKey(text: string, [lead, end, split]: RegExpExecArray): Key {
  const { name, length } = quotedText(text, lead.length);
  const at = /^@[^\s,]+/.exec(text.slice(lead.length + length))?.[0] ?? "";
  const after = text.slice(lead.length + length + at.length);
  return { key: `${lead}${name}${at}`, quoted: { end, split, name, at: at.slice(1) || undefined }, after };
}

function plainKey(text: string): Key {
  const key = /^(?:(?!\s+as\s)[^,])*/.exec(text)?.[0] ?? "";
  return { key: key.trim(), after: text.slice(key.length) };
}

function headingOf(text: string): { text: string; after: string } | undefined {
  const as = /^\s+as\s+/.exec(text)?.[0];
  if (as === undefined) return undefined;
  const rest = text.slice(as.length);
  if (/^["']/.test(rest)) {
    const { name, length } = quotedText(rest, 0);
    return { text: name, after: rest.slice(length) };
  }
  const heading = /^[^,]*/.exec(rest)?.[0] ?? "";
  return { text: heading.trim(), after: rest.slice(heading.length) };
}

function quotedText(text: string, from: number): { name: string; length: number } {
  const [whole, quote = "", inner = ""] = QUOTED.exec(text.slice(from)) ?? [];
  if (whole === undefined) throw wrong(text, `the quote before ${JSON.stringify(text.slice(from + 1))} has no end`);
  return { name: inner.replaceAll(quote + quote, quote), length: whole.length };
}

function wrong(text: string, why: string): UsageError {
  return new UsageError(
    "COLUMN_INVALID",
    `--columns ${JSON.stringify(text)}: ${why}`,
    `a name with a comma or " as " stands in quotes, and a quote inside is written twice: "a, ""b""" as "a heading, too"`,
  );
}
