import type { Format } from "../predict/file-request.js";
import { SELECTORS } from "../store/selector-words.js";
import type { Prediction, PredictText } from "../worker/predict.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { sayWaits } from "./say-waits.js";

interface Args {
  run: string;
  text: string[];
  "text-pair": string[];
  file?: string | undefined;
  output?: string | undefined;
  format?: Format | undefined;
  columns?: string | undefined;
  keep?: string | undefined;
  "keep-all": boolean;
  probabilities: boolean;
  "batch-size"?: number | undefined;
  json: boolean;
  db?: string | undefined;
}

export default {
  command: "predict <run>",
  describe: "Label texts with a finished run's adapter, loaded from disk",
  complete: runs,
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: `The run: ${SELECTORS}`,
      })
      .option("text", { type: "string", array: true, nargs: 1, default: [], describe: "A text; repeat for more" })
      .option("text-pair", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        describe: "The second text of a pair, one for each --text",
      })
      .option("file", {
        type: "string",
        nargs: 1, // without this, yargs reads "-" as another argument
        describe: "Rows to label: .tsv, .csv, .jsonl, .parquet, or .txt with a text per line; - reads lines of text",
      })
      .option("output", { alias: "o", type: "string", describe: "File for the predictions of --file" })
      .option("format", {
        choices: ["tsv", "csv", "jsonl", "parquet", "glue"] as const,
        describe: "Default: by the ending of the file of -o, else tsv; glue: the form that GLUE's server takes",
      })
      .option("columns", {
        type: "string",
        describe: "Columns of the texts, if others than those of the run: text=NAME,text_pair=NAME",
      })
      .option("keep", { type: "string", describe: "Columns of the input that the output has too: NAME,NAME" })
      .option("keep-all", { type: "boolean", default: false, describe: "Keep all columns of the input" })
      .option("probabilities", { type: "boolean", default: false, describe: "The probability of every label as well" })
      .option("batch-size", { type: "number", describe: "Rows that go through the model together" })
      .option("json", { type: "boolean", default: false, describe: "One JSON object per text and line" })
      .option("db", DB_OPTION)
      .example("$0 predict @best --text 'A film to remember.'", "Label one text")
      .example("$0 predict 3fa9 --file test.tsv -o predictions.tsv", "Label the rows of a file"),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut(args: Args): Promise<void> {
  const { UsageError } = await import("../errors.js");
  if (args.file !== undefined && args.text.length > 0) {
    throw new UsageError("USAGE", "--text and --file exclude each other", "give the texts, or a file of them");
  }
  if (args.file !== undefined) return labelRows(args, args.file);
  const odd = FILE_OPTIONS.find((name) => args[name] !== undefined && args[name] !== false && args[name] !== "");
  if (odd) throw new UsageError("USAGE", `--${odd} goes with --file`, "name a file of rows, or leave it out");
  await labelTexts(args);
}

const FILE_OPTIONS = ["output", "format", "columns", "keep", "keep-all", "probabilities", "batch-size"] as const;

async function labelTexts({ run: selector, text, "text-pair": pairs, json, db }: Args): Promise<void> {
  const { gatherTexts } = await import("../predict/predict-texts.js");
  const texts = gatherTexts(text, pairs);
  const [{ adapterFolder }, { resolveDbPath }, { predictTexts }, { EXECUTORS }, output, { oneLine }] =
    await Promise.all([
      import("../predict/adapter-folder.js"),
      import("../store/store.js"),
      import("../worker/predict.js"),
      import("../executors/index.js"),
      import("../views/output.js"),
      import("../views/parts/visible.js"),
    ]);
  const { folder } = adapterFolder(resolveDbPath(db), selector);
  const items = await predictTexts(folder, texts, EXECUTORS.local({}).ask);
  items.forEach((item, index) => {
    const asked = texts[index] as PredictText;
    const pair = asked.text_pair === null ? [] : [asked.text_pair];
    if (json) output.writeJson({ ...asked, ...item });
    else output.writeLine([labelText(item), asked.text, ...pair].map(oneLine).join("\t"));
  });
}

async function labelRows(args: Args, file: string): Promise<void> {
  const [
    { adapterFolder },
    { resolveDbPath },
    { labelFile },
    { labelledNotes, progressLine },
    { writeNote, writeStatus },
    { visible },
  ] = await Promise.all([
    import("../predict/adapter-folder.js"),
    import("../store/store.js"),
    import("../predict/label-file.js"),
    import("../views/labelled.js"),
    import("../views/output.js"),
    import("../views/parts/visible.js"),
  ]);
  const { folder, task } = adapterFolder(resolveDbPath(args.db), args.run);
  const live = process.stderr.isTTY;
  const began = performance.now();
  const labelled = await labelFile({
    ...{ folder, task, file, output: args.output, format: args.format, json: args.json, columns: args.columns },
    keep: args.keep?.split(",") ?? [],
    keepAll: args["keep-all"],
    probabilities: args.probabilities,
    batchSize: args["batch-size"],
    visible,
    onProgress: (progress) => {
      if (live) writeStatus(progressLine(progress, (performance.now() - began) / 1000));
    },
  }).finally(() => {
    if (live) writeStatus("");
  });
  for (const line of labelledNotes(labelled)) writeNote(line);
}

/** The label with its probability; only the value for a regression. */
function labelText({ label, scores }: Prediction): string {
  const score = scores[label];
  return score === undefined || score === null ? label : `${label} ${score.toFixed(4)}`;
}
