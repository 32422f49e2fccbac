/** Options of commands that print a result in one of several formats, or write it to a file. */
import { UsageError } from "../errors.js";
import { refuseOtherEnding } from "../file-endings.js";

/** Every format, with the file extension that selects it. */
const ENDINGS = {
  text: ".txt",
  markdown: ".md",
  latex: ".tex",
  csv: ".csv",
  json: ".json",
  parquet: ".parquet",
  svg: ".svg",
  png: ".png",
  "vega-lite": ".vl.json",
} as const;

export type Format = keyof typeof ENDINGS;

/** The formats of a result that is a table and a picture. */
export const DRAWN_FORMATS = [
  "text",
  "json",
  "csv",
  "parquet",
  "latex",
  "markdown",
  "svg",
  "png",
  "vega-lite",
] as const;
export type DrawnFormat = (typeof DRAWN_FORMATS)[number];

export interface OutputArgs<Some extends Format> {
  format?: Some | undefined;
  json?: boolean | undefined;
  output?: string | undefined;
}

/** The options of a command that has these formats; the first is the default. */
export const outputOptions = <Some extends Format>(formats: readonly Some[]) =>
  ({
    format: { choices: formats, describe: `Default: by the ending of the file of -o, else ${formats[0]}` },
    json: { type: "boolean", describe: "The same as --format json", conflicts: "format" },
    output: { alias: "o", type: "string", describe: "File to write" },
  }) as const;

/** The format that the user chose, by name or by the ending of the file, which must not contradict each other. */
export function chosenFormat<Some extends Format>(
  { format, json, output }: OutputArgs<Some>,
  formats: readonly [Some, ...Some[]],
): Some {
  const asked = json ? "json" : format;
  if (asked !== undefined) {
    refuseOtherEnding(output, asked);
    return asked as Some;
  }
  if (output === undefined) return formats[0];
  const name = output.toLowerCase();
  // .vl.json ends in .json too: the longest ending wins
  const [found] = formats
    .filter((one) => name.endsWith(ENDINGS[one]))
    .toSorted((a, b) => ENDINGS[b].length - ENDINGS[a].length);
  if (found !== undefined) return found;
  const known = formats.map((one) => ENDINGS[one]).join(", ");
  throw new UsageError("FORMAT_UNKNOWN", `the ending of ${output} does not name a format`, `${known}, or --format`);
}
