import { createReadStream, createWriteStream, realpathSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { UsageError } from "../errors.js";
import { discard, statOf } from "../files.js";
import { makeTemporaryFolder } from "../temporary.js";
import { interruptible } from "../worker/interruptible.js";
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
  /** What a terminal gets of a text from the rows; a file or pipe gets the rows as they are. */
  visible: (text: string) => string;
}

export interface Labelled extends Predicted {
  /** The file that was written; null: it went to standard output. */
  path: string | null;
}

/**
 * Labels the rows of a file. The worker writes beside the target, which is replaced when all rows are labelled; an error
 * or Ctrl-C leaves nothing. A pipe or device gets the rows then. Without a target the rows go to standard output, which
 * keeps all columns.
 */
export function labelFile(asked: FileRequest): Promise<Labelled> {
  return interruptible("interrupted; nothing was written", (signal) => labelled(asked, signal));
}

async function labelled(asked: FileRequest, signal: AbortSignal): Promise<Labelled> {
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
  const folder = makeTemporaryFolder("lor2c-predict-");
  const found = target === null ? undefined : statOf(target);
  // A pipe or a device is written into; a file in its place would take it away from everyone.
  const whole = target === null || (found && !found.isFile()) ? null : found ? realpathSync(target) : target;
  const temporary = whole === null ? join(folder, "predictions") : `${whole}.${process.pid}.tmp`;
  try {
    const input = asked.file === "-" ? await spooled(join(folder, "input.txt"), signal) : resolve(asked.file);
    const predicted = await predictFile(
      {
        ...{ folder: asked.folder, input, ending, columns, output: temporary, format },
        keep: asked.keep,
        keep_all: asked.keepAll || (target === null && format !== "glue"),
        probabilities: asked.probabilities || (asked.json && target === null),
        batch_size: asked.batchSize ?? null,
      },
      { onProgress: asked.onProgress, signal },
    );
    if (whole !== null) renameSync(temporary, whole);
    else if (target !== null) await pipeline(createReadStream(temporary), createWriteStream(target), { signal });
    else await print(temporary, asked.visible);
    return { ...predicted, path: target };
  } finally {
    discard(temporary);
    discard(folder);
  }
}

async function print(path: string, visible: (text: string) => string): Promise<void> {
  if (!process.stdout.isTTY) return pipeline(createReadStream(path), process.stdout, { end: false });
  const shown = async function* (texts: AsyncIterable<string>) {
    for await (const text of texts) yield visible(text);
  };
  return pipeline(createReadStream(path, "utf8"), shown, process.stdout, { end: false });
}

/** Standard input as a file: the worker's own standard input has its commands. */
async function spooled(path: string, signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY)
    throw new UsageError("NO_TEXT", "standard input is a terminal", "pipe lines of text into it");
  await pipeline(process.stdin, createWriteStream(path), { signal });
  return path;
}
