import { createReadStream, createWriteStream, mkdtempSync, realpathSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { Lor2cError, UsageError } from "../errors.js";
import { discard, statOf } from "../files.js";
import { type Predicted, type Predicting, predictFile } from "../worker/predict-file.js";
import { columnsOf, endingOf, type Format, formatOf, targetOf } from "./file-request.js";

export interface FileRequest {
  folder: string;
  task: string;
  file: string;
  output: string | undefined;
  format: Format | undefined;
  json: boolean;
  columns: string | undefined;
  keep: string[];
  keepAll: boolean;
  probabilities: boolean;
  batchSize: number | undefined;
  onProgress: (progress: Predicting) => void;
}

export interface Labelled extends Predicted {
  /** The file that was written; null: it went to standard output. */
  path: string | null;
}

/**
 * Labels the rows of a file. The worker writes beside the target, which is replaced when all rows are labelled; an error
 * or Ctrl-C leaves nothing. Without a target the rows go to standard output, which keeps all columns.
 */
export async function labelFile(asked: FileRequest): Promise<Labelled> {
  const ending = endingOf(asked.file);
  const format = formatOf(asked.format, asked.json, asked.output);
  const columns = columnsOf(asked.columns);
  if (asked.batchSize !== undefined && !(Number.isInteger(asked.batchSize) && asked.batchSize > 0)) {
    throw new UsageError(
      "USAGE",
      `--batch-size ${asked.batchSize} is no number of rows`,
      "give a whole number above 0",
    );
  }
  const target = asked.output === undefined ? null : targetOf(asked.output, format, asked.task, asked.file);
  const folder = mkdtempSync(join(tmpdir(), "lor2c-predict-"));
  const whole = target !== null && statOf(target) ? realpathSync(target) : target;
  const temporary = whole === null ? join(folder, "predictions") : `${whole}.${process.pid}.tmp`;
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new Lor2cError("INTERRUPTED", "interrupted; nothing was written", undefined, 130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const input = asked.file === "-" ? await spooled(join(folder, "input.txt"), interrupt.signal) : resolve(asked.file);
    const predicted = await predictFile(
      {
        ...{ folder: asked.folder, input, ending, columns, output: temporary, format },
        keep: asked.keep,
        keep_all: asked.keepAll || (target === null && format !== "glue"),
        probabilities: asked.probabilities || (asked.json && target === null),
        batch_size: asked.batchSize ?? null,
      },
      { onProgress: asked.onProgress, signal: interrupt.signal },
    );
    if (whole === null) await pipeline(createReadStream(temporary), process.stdout, { end: false });
    else renameSync(temporary, whole);
    return { ...predicted, path: target };
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    discard(temporary);
    discard(folder);
  }
}

/** Standard input as a file: the worker's own standard input has its commands. */
async function spooled(path: string, signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY)
    throw new UsageError("NO_TEXT", "standard input is a terminal", "pipe lines of text into it");
  await pipeline(process.stdin, createWriteStream(path), { signal });
  return path;
}
