import { type Command, experimentsOrRuns } from "./command.js";
import { sayWaits } from "./say-waits.js";
import { type JobArgs, jobOptions, trainJob } from "./train-spec.js";

interface Args extends JobArgs {
  what: string[];
  "from-scratch": boolean;
}

export default {
  command: "retry [what..]",
  describe: "Train failed and lost runs again as they are stored, from their checkpoints where there are any",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    jobOptions(
      yargs
        .positional("what", {
          type: "string",
          array: true,
          default: [] as string[],
          describe: "An experiment (name or number), or runs of one; default: the newest with runs to retry",
        })
        .option("from-scratch", {
          type: "boolean",
          default: false,
          describe: "Ignore checkpoints; a run that failed starts from the beginning in any case",
        }),
      "auto",
    )
      .example("$0 retry", "What failed or was lost in the newest experiment that has such runs")
      .example("$0 retry mrpc-grid --jobs 1", "The same for one experiment, one run at a time")
      .example("$0 retry @failed --from-scratch", "The newest failed run"),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut(args: Args): Promise<void> {
  const { retrySource } = await import("../job/retry-source.js");
  await trainJob(args, (dbPath) => retrySource({ dbPath, what: args.what, fromScratch: args["from-scratch"] }));
}
