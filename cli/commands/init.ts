import type { Asked } from "../starter/guess.js";
import { type Command, files } from "./command.js";
import { refuseExisting, writeNew } from "./new-file.js";
import { sayWaits } from "./say-waits.js";

interface Args {
  file?: string | undefined;
  data?: string | undefined;
  text: string[];
  textPair?: string | undefined;
  label?: string | undefined;
  force: boolean;
}

export default {
  command: "init [file]",
  describe: "Write a commented spec to start from; with --data one for your own rows",
  complete: files,
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        describe: "File to write; default: experiment.yaml, or beside the rows of --data with their name",
      })
      .option("data", {
        type: "string",
        nargs: 1,
        describe:
          "Look at this table (.tsv, .csv, .jsonl, .parquet, or a folder with train and dev) and write its spec",
      })
      .option("text", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        describe: "Its column with the text; repeat it to join several",
      })
      .option("text-pair", { type: "string", nargs: 1, describe: "Its column with the second text" })
      .option("label", { type: "string", nargs: 1, describe: "Its column with the label" })
      .option("force", { type: "boolean", default: false, describe: "Replace the file if it exists" })
      .example("$0 init mrpc.yaml", "Write mrpc.yaml")
      .example("$0 init --data reviews.csv", "Write reviews.yaml for the rows of reviews.csv")
      .example("$0 init --data talks.jsonl --text title --text body --label topic", "Say which columns it should use"),
  handler: async ({ file, data, text, textPair, label, force }) => {
    const [{ basename }, { starterFile, starterText }, { readFileSync }, { writeLine }] = await Promise.all([
      import("node:path"),
      import("../spec/modeline.js"),
      import("node:fs"),
      import("../views/output.js"),
    ]);
    if (data !== undefined) {
      await sayWaits(false, () => fromTable(data, file, { text, textPair, label }, force));
      return;
    }
    if (text.length > 0 || textPair !== undefined || label !== undefined) {
      const { UsageError } = await import("../errors.js");
      throw new UsageError("NO_DATA", "--text, --text-pair and --label name columns of a table", "name it with --data");
    }
    const target = file ?? "experiment.yaml";
    await writeNew(
      target,
      starterText(readFileSync(starterFile(), "utf8"), target, nameOf(basename(target))),
      force,
      FORCE,
    );
    writeLine(`Wrote ${target}. Next: lor2c plan ${target}`);
  },
} satisfies Command<Args>;

const FORCE = "--force replaces it";

const nameOf = (file: string): string => file.replace(/\.ya?ml$/i, "");

async function fromTable(data: string, file: string | undefined, asked: Asked, force: boolean): Promise<void> {
  const [
    { basename, resolve },
    { EXECUTORS },
    { survey },
    { guess },
    { guessText },
    { MODEL, specText },
    { writeText },
  ] = await Promise.all([
    import("node:path"),
    import("../executors/index.js"),
    import("../worker/survey.js"),
    import("../starter/guess.js"),
    import("../starter/guess-text.js"),
    import("../starter/spec-text.js"),
    import("../views/output.js"),
  ]);
  const target = file ?? `${data.replace(/\/+$/, "").replace(/\.[^./]+$/, "")}.yaml`;
  if (!force) await refuseExisting(target, FORCE); // before the worker starts
  const surveyed = await survey(resolve(data), MODEL, EXECUTORS.local({}).ask);
  const found = guess(surveyed, asked, data);
  const place = { specFile: target, name: nameOf(basename(target)), dataFile: data };
  await writeNew(target, specText(place, surveyed, found), force, FORCE);
  writeText(guessText(surveyed, found, data));
  writeText(`Wrote ${target}. Next: lor2c data ${target}\n`);
}
