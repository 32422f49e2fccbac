import { basename, dirname, extname, join, resolve } from "node:path";
import { UsageError } from "../errors.js";
import { refuseOtherEnding } from "../file-endings.js";
import { identityOf, statOf } from "../files.js";

const FORMATS = ["tsv", "csv", "jsonl", "parquet", "glue"] as const;
export type Format = (typeof FORMATS)[number];
const ENDINGS = [".tsv", ".csv", ".jsonl", ".parquet", ".txt"];

/** Names of the files of GLUE's server, by task. */
const GLUE_FILES: Record<string, string> = {
  cola: "CoLA.tsv",
  sst2: "SST-2.tsv",
  mrpc: "MRPC.tsv",
  stsb: "STS-B.tsv",
  qqp: "QQP.tsv",
  mnli: "MNLI-m.tsv",
  qnli: "QNLI.tsv",
  rte: "RTE.tsv",
  wnli: "WNLI.tsv",
};

/** The ending that says how to read a file; lines of text for standard input. */
export function endingOf(file: string): string {
  if (file === "-") return ".txt";
  const ending = extname(file).toLowerCase();
  const found = statOf(file);
  if (!found) throw new UsageError("FILE_UNREADABLE", `there is no file ${file}`, "name a file of rows with --file");
  if (found.isDirectory()) throw new UsageError("FILE_UNREADABLE", `${file} is a folder`, "name a file in it");
  if (ENDINGS.includes(ending)) return ending;
  throw new UsageError(
    "FILE_ENDING",
    `the ending of ${file} does not say what it is`,
    `known are ${ENDINGS.join(", ")} (a text per line); or pipe lines of text into --file -`,
  );
}

/** The format that the user chose, by name or by the ending of the output, which must not contradict each other. */
export function formatOf(format: Format | undefined, json: boolean, output: string | undefined): Format {
  const asked = format ?? (json ? "jsonl" : undefined);
  if (asked !== undefined) refuseOtherEnding(output, asked);
  if (format !== undefined) {
    if (format === "parquet" && output === undefined) {
      throw new UsageError("USAGE", "Parquet needs a file to be written to", "name one: -o predictions.parquet");
    }
    return format;
  }
  if (json) return "jsonl";
  if (output === undefined) return "tsv";
  const ending = extname(output).toLowerCase().slice(1);
  const found = FORMATS.find((one) => one === ending);
  if (found) return found;
  throw new UsageError(
    "FORMAT_UNKNOWN",
    `the ending of ${output} does not name a format`,
    ".tsv, .csv, .jsonl, .parquet, or --format",
  );
}

/** Where the output goes: into a folder under GLUE's own name, else to the file. */
export function targetOf(output: string, format: Format, task: string, input: string): string {
  const path = resolve(output);
  const found = statOf(path);
  if (!statOf(dirname(path))?.isDirectory()) {
    throw new UsageError(
      "OUTPUT_NOT_WRITTEN",
      `there is no folder ${dirname(path)}`,
      "make it first, or name another file",
    );
  }
  if (found?.isDirectory()) {
    const name = GLUE_FILES[task];
    if (format !== "glue" || !name) {
      throw new UsageError("OUTPUT_NOT_WRITTEN", `${path} is a folder`, "name a file with -o");
    }
    const mismatched = task === "mnli" && /mismatched|[-_]mm\b/i.test(basename(input));
    return join(path, mismatched ? "MNLI-mm.tsv" : name);
  }
  if (found && input !== "-" && identityOf(path) === identityOf(input)) {
    throw new UsageError("OUTPUT_IS_INPUT", `${output} is the file that is read`, "name another file with -o");
  }
  return path;
}

const KEYS = ["text", "text_pair", "label"];

/** `text=title+body,text_pair=answer` as `data.columns` has it; several columns are joined with a blank. */
export function columnsOf(text: string | undefined): Record<string, string | string[]> | null {
  if (text === undefined) return null;
  return Object.fromEntries(
    text.split(",").map((part): [string, string | string[]] => {
      const at = part.indexOf("=");
      const [key, names] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
      if (at < 0 || !KEYS.includes(key) || names === "") {
        throw new UsageError(
          "COLUMNS_INVALID",
          `--columns ${text}: ${JSON.stringify(part)} names no column`,
          "write text=NAME,text_pair=NAME,label=NAME; text=A+B joins two columns",
        );
      }
      return [key, names.includes("+") ? names.split("+") : names];
    }),
  );
}
