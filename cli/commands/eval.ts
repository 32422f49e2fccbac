import type { Devices } from "../spec/devices.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { devicesOption } from "./devices-option.js";
import { EVALUATE_OPTIONS, type EvaluateArgs, requestOf } from "./evaluate-options.js";
import { NOTIFY_OPTION, notifyCommand } from "./notify-option.js";
import { sayWaits } from "./say-waits.js";

interface Args extends EvaluateArgs {
  runs: string[];
  devices?: Devices | undefined;
  json: boolean;
  notify?: string | undefined;
  db?: string | undefined;
}

export default {
  command: "eval <runs..>",
  describe: "Score finished runs, or untuned models, on benchmarks; what is scored already is not scored again",
  complete: runs,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe:
          "Runs (id, @last, @best), or models: a packaged name, a name on the hub, a folder that begins with ./",
      })
      .options(EVALUATE_OPTIONS)
      .option("devices", devicesOption("Where to evaluate", "auto"))
      .option("json", { type: "boolean", default: false, describe: "Print the results as JSON" })
      .option("notify", NOTIFY_OPTION)
      .option("db", DB_OPTION)
      .example("$0 eval @last --suite instruct --rows 100", "A quick look: 100 drawn rows of each benchmark")
      .example("$0 eval smollm2-135m 3fa9 --benchmarks mmlu,bbh --data ./data", "An untuned model beside a run")
      .example("$0 eval 3fa9 --benchmarks humaneval --allow-code-execution", "Runs what the model writes"),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut(args: Args): Promise<void> {
  const request = await requestOf(args);
  const command = await notifyCommand(args.notify);
  const [
    { notifying, evaluationEnded },
    { resolveDbPath },
    { evaluateRuns },
    { allScored },
    { evaluationTable },
    { evaluationJson },
    output,
    { outputWidth },
  ] = await Promise.all([
    import("./job-ended.js"),
    import("../store/store.js"),
    import("./evaluate-runs.js"),
    import("../evaluate/report.js"),
    import("../views/evaluation-table.js"),
    import("../views/evaluation-json.js"),
    import("../views/output.js"),
    import("../views/terminal.js"),
  ]);
  const work = async () => {
    const done = await evaluateRuns({ what: args.runs, request, db: args.db, devices: args.devices ?? "auto" });
    if (args.json) output.writeJsonLines(evaluationJson(done.results));
    else for (const line of evaluationTable(done.results, outputWidth())) output.writeLine(line);
    for (const note of done.notes) output.writeNote(note);
    const code: 0 | 1 | 130 = done.interrupted ? 130 : allScored(done.results) ? 0 : 1;
    process.exitCode = code;
    return { results: done.results, code };
  };
  const database = resolveDbPath(args.db);
  await notifying({
    ...{ command, kind: "evaluation", database, work },
    ended: ({ results, code }, seconds) => evaluationEnded(results, code, { seconds, database }),
  });
}
