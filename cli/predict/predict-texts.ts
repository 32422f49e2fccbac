import { UsageError } from "../errors.js";
import type { PredictText } from "../worker/predict.js";

/** The texts of the command line. Throws UsageError if they don't make whole pairs. */
export function gatherTexts(texts: string[], pairs: string[]): PredictText[] {
  if (pairs.length > 0 && pairs.length !== texts.length) {
    throw new UsageError("TEXT_PAIRS", `${texts.length} --text and ${pairs.length} --text-pair`, "give one for each");
  }
  if (texts.length === 0) throw new UsageError("NO_TEXT", "no text to label", 'give --text "..." or --file');
  return texts.map((text, index) => ({ text, text_pair: pairs[index] ?? null }));
}
