import { extname } from "node:path";
import { UsageError } from "../errors.js";

/** The format that the name of a file ends in, by `endings` such as `.svg`; `text` without a file. */
export function formatOfEnding<Format extends string>(
  output: string | undefined,
  endings: Readonly<Record<string, Format>>,
): Format | "text" {
  if (output === undefined) return "text";
  const format = endings[extname(output).toLowerCase()];
  if (format !== undefined) return format;
  const known = Object.keys(endings).join(", ");
  throw new UsageError("FORMAT_UNKNOWN", `the ending of ${output} names no format`, `${known}, or --format`);
}
