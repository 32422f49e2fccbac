import { readFileSync } from "node:fs";
import { UsageError } from "../errors.js";
import { reason } from "../spec/read-bytes.js";
import type { PredictText } from "../worker/predict.js";

const STDIN = 0;

/** The texts of the command line, then those of the file. Throws UsageError if they don't make whole pairs. */
export function gatherTexts(texts: string[], pairs: string[], file: string | undefined): PredictText[] {
  if (pairs.length > 0 && pairs.length !== texts.length) {
    throw new UsageError("TEXT_PAIRS", `${texts.length} --text and ${pairs.length} --text-pair`, "give one for each");
  }
  const all = texts.map((text, index): PredictText => ({ text, text_pair: pairs[index] ?? null }));
  if (file !== undefined) all.push(...parseLines(readText(file)));
  if (all.length === 0) throw new UsageError("NO_TEXT", "no text to label", 'give --text "..." or --file');
  const alone = all.filter((item) => item.text_pair === null);
  if (alone.length > 0 && alone.length < all.length) {
    throw new UsageError(
      "TEXT_PAIRS",
      `${alone.length} of ${all.length} texts have no second text, such as ${JSON.stringify(alone[0]?.text)}`,
      "give one to all of them or to none; in a file, a tab begins the second text",
    );
  }
  return all;
}

function parseLines(content: string): PredictText[] {
  const lines = content.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [text = "", ...rest] = line.split("\t");
    return { text, text_pair: rest.length > 0 ? rest.join("\t") : null };
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? STDIN : file, "utf8");
  } catch (error) {
    const hint = "name a text file with --file, or - for the standard input";
    throw new UsageError("FILE_UNREADABLE", `${file} cannot be read: ${reason(error)}`, hint);
  }
}
