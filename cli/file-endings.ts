/** What a file that is written may hold, by the ending of its name. */
import { UsageError } from "./errors.js";

/** The longest of the endings that fit counts: .vl.json ends in .json too. */
const HOLDS: Readonly<Record<string, readonly string[]>> = {
  ".vl.json": ["vega-lite"],
  ".parquet": ["parquet"],
  ".jsonl": ["jsonl"],
  ".html": ["html"],
  ".json": ["json", "jsonl", "vega-lite"],
  ".csv": ["csv"],
  ".tsv": ["tsv", "glue"],
  ".tex": ["latex"],
  ".svg": ["svg"],
  ".png": ["png"],
  ".txt": ["text", "markdown", "latex", "csv", "tsv", "glue", "json", "jsonl", "vega-lite"],
  ".md": ["markdown"],
};

/** Throws UsageError if the ending says that the file holds something else: the next program would misread it. */
export function refuseOtherEnding(output: string | undefined, format: string): void {
  if (output === undefined) return;
  const name = output.toLowerCase();
  const ending = Object.keys(HOLDS).find((one) => name.endsWith(one));
  const [says = format] = (ending === undefined ? undefined : HOLDS[ending]) ?? [];
  if (ending === undefined || HOLDS[ending]?.includes(format)) return;
  const fits = Object.entries(HOLDS).flatMap(([one, formats]) => (formats[0] === format ? [one] : []));
  throw new UsageError(
    "FORMAT_CONFLICT",
    `${format} is asked for, and the ending of ${output} says ${says}`,
    `name a file that ends in ${fits.join(" or ") || "something else"}, or ask for ${says}`,
  );
}
