import { SELECTORS } from "../store/selector-words.js";
import type { Prediction, PredictText } from "../worker/predict.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  run: string;
  text: string[];
  "text-pair": string[];
  file?: string | undefined;
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
        describe: "One text per line, the second of a pair after a tab; - reads standard input",
      })
      .option("json", { type: "boolean", default: false, describe: "One JSON object per text and line" })
      .option("db", DB_OPTION)
      .example("$0 predict @best --text 'A film to remember.'", "Label one text")
      .example("$0 predict 3fa9 --file reviews.txt --json", "Label the lines of a file"),
  handler: async ({ run: selector, text, "text-pair": pairs, file, json, db }) => {
    const { gatherTexts } = await import("../predict/predict-texts.js");
    const texts = await gatherTexts(text, pairs, file);
    const [{ adapterFolder }, { resolveDbPath }, { predictTexts }, { EXECUTORS }, output, { oneLine }] =
      await Promise.all([
        import("../predict/adapter-folder.js"),
        import("../store/store.js"),
        import("../worker/predict.js"),
        import("../executors/index.js"),
        import("../views/output.js"),
        import("../views/parts/visible.js"),
      ]);
    const items = await predictTexts(adapterFolder(resolveDbPath(db), selector), texts, EXECUTORS.local({}).ask);
    items.forEach((item, index) => {
      const asked = texts[index] as PredictText;
      const pair = asked.text_pair === null ? [] : [asked.text_pair];
      if (json) output.writeJson({ ...asked, ...item });
      else output.writeLine([labelText(item), asked.text, ...pair].map(oneLine).join("\t"));
    });
  },
} satisfies Command<Args>;

/** The label with its probability; only the value for a regression. */
function labelText({ label, scores }: Prediction): string {
  const score = scores[label];
  return score === undefined || score === null ? label : `${label} ${score.toFixed(4)}`;
}
