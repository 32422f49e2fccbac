import type { Asked } from "../starter/guess.js";
import { type Command, files } from "./command.js";

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
      await fromTable(data, file, { text, textPair, label }, force);
      return;
    }
    if (text.length > 0 || textPair !== undefined || label !== undefined) {
      const { UsageError } = await import("../errors.js");
      throw new UsageError("NO_DATA", "--text, --text-pair and --label name columns of a table", "name it with --data");
    }
    const target = file ?? "experiment.yaml";
    await write(target, starterText(readFileSync(starterFile(), "utf8"), target, nameOf(basename(target))), force);
    writeLine(`Wrote ${target}. Next: lor2c plan ${target}`);
  },
} satisfies Command<Args>;

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
  await refuseOld(target, force); // before the worker starts
  const surveyed = await survey(resolve(data), MODEL, EXECUTORS.local({}).ask);
  const found = guess(surveyed, asked, data);
  const place = { specFile: target, name: nameOf(basename(target)), dataFile: data };
  await write(target, specText(place, surveyed, found), force);
  writeText(guessText(surveyed, found, data));
  writeText(`Wrote ${target}. Next: lor2c data ${target}\n`);
}

async function write(file: string, content: string, force: boolean): Promise<void> {
  const [{ writeFileSync }, { dirname, resolve }, { makeFolder }] = await Promise.all([
    import("node:fs"),
    import("node:path"),
    import("../store/folder.js"),
  ]);
  makeFolder(resolve(dirname(file)), "make it, or name another file");
  try {
    // `wx` checks and writes in one step, so no other process can make the file in between.
    writeFileSync(file, content, { flag: force ? "w" : "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw await exists(file);
  }
}

async function refuseOld(file: string, force: boolean): Promise<void> {
  const { statOf } = await import("../files.js");
  if (!force && statOf(file)) throw await exists(file);
}

async function exists(file: string): Promise<Error> {
  const { UsageError } = await import("../errors.js");
  return new UsageError("FILE_EXISTS", `${file} already exists`, "--force replaces it");
}
