import { SELECTORS } from "../store/selector-words.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { sayWaits, type Waits } from "./say-waits.js";

interface Args {
  run: string;
  dir: string;
  merged: boolean;
  license?: string | undefined;
  push?: string | undefined;
  private: boolean;
  force: boolean;
  json: boolean;
  db?: string | undefined;
}

export default {
  command: "export-adapter <run> <dir>",
  describe: "Write a finished run's adapter as a folder for others, with a model card, and push it to a hub",
  complete: (words) => (words.length === 1 ? runs(words) : []),
  builder: (yargs) =>
    yargs
      .positional("run", { type: "string", demandOption: true, describe: `The run: ${SELECTORS}` })
      .positional("dir", {
        type: "string",
        demandOption: true,
        describe: "The folder to write: new, or empty",
      })
      .option("merged", {
        type: "boolean",
        default: false,
        describe:
          "A plain model of transformers with the adapter in its weights, where a method's adapter can be there",
      })
      .option("license", {
        type: "string",
        requiresArg: true,
        describe: "Licence in the model card, by its name on the hub. Default: the spec's adapter.license",
      })
      .option("push", {
        type: "string",
        requiresArg: true,
        describe: "Upload the folder to this repository of the Hugging Face hub, owner/name, which is made if need be",
      })
      .option("private", { type: "boolean", default: false, describe: "The repository of --push is private" })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "Replace an adapter or a model that is in the folder",
      })
      .option("json", { type: "boolean", default: false, describe: "Print what was written as JSON" })
      .option("db", DB_OPTION)
      .example("$0 export-adapter @best mrpc-lor2c", "A folder that says what it is, for peft and lor2c_peft")
      .example("$0 export-adapter 3fa9 mrpc-lora --merged", "A model that needs neither")
      .example("$0 export-adapter 3fa9 mrpc-lor2c --push me/mrpc-lor2c --private", "The folder, and its upload"),
  handler: (args) => sayWaits(args.json, (waits) => carryOut(args, waits)),
} satisfies Command<Args>;

const COLLAPSED =
  "the run has collapsed: it predicts the same for all evaluation rows, so that its scores are those of one class";

async function carryOut(args: Args, waits: Waits): Promise<void> {
  const [{ UsageError }, { licenseProblem }, { checkRepository }] = await Promise.all([
    import("../errors.js"),
    import("../spec/licenses.js"),
    import("../share/repository.js"),
  ]);
  if (args.push !== undefined) checkRepository(args.push);
  else if (args.private)
    throw new UsageError("USAGE", "--private goes with --push", "name a repository, or leave it out");
  const problem = args.license === undefined ? undefined : licenseProblem(args.license);
  if (problem !== undefined) throw new UsageError("USAGE", `--license: ${problem}`);
  const [{ adapterToExport }, { destinationOf }, { exportAdapter }, { resolveDbPath }, output, { exportedLines }] =
    await Promise.all([
      import("../share/adapter-to-export.js"),
      import("../share/destination.js"),
      import("../share/export-adapter.js"),
      import("../store/store.js"),
      import("../views/output.js"),
      import("../views/exported.js"),
    ]);
  const adapter = adapterToExport(resolveDbPath(args.db), args.run);
  const path = destinationOf(args.dir, args.force, adapter);
  const { written, pushed } = await exportAdapter({
    ...{ adapter, path, merged: args.merged, license: args.license ?? null },
    push: args.push === undefined ? null : { repository: args.push, private: args.private },
    askToken: async (endpoint, signal) => {
      waits.show(null);
      return (await import("./ask-token.js")).askToken(!args.json, endpoint, signal);
    },
  });
  const { files, bytes, difference, tolerance } = written;
  const { run, label } = adapter;
  const notes = [...(adapter.collapsed ? [COLLAPSED] : []), ...written.notes];
  if (args.json) {
    const at = pushed && { repository: args.push, url: pushed.url, commit: pushed.commit };
    const model = { merged: args.merged, difference, tolerance };
    return output.writeJson({ run, label, folder: path, files, bytes, ...model, notes, pushed: at });
  }
  for (const line of exportedLines(written, { folder: args.dir, run, label, merged: args.merged }))
    output.writeLine(line);
  for (const note of notes) output.writeNote(`note: ${note}`);
  if (pushed) output.writeLine(`pushed to ${pushed.url} (commit ${pushed.commit.slice(0, 12)})`);
}
