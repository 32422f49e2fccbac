import type { CommandModule } from "yargs";
import { UsageError } from "../errors.js";
import type { Reporter, RunSummary } from "../run/reporter.js";
import { DB_OPTION } from "./db-option.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  file: string;
  set: string[];
  force: boolean;
  plain: boolean;
  json: boolean;
  db?: string | undefined;
  jobs?: number | "auto" | undefined;
}

const EXIT_CODES = { finished: 0, failed: 1, interrupted: 130 } as const satisfies Record<
  RunSummary["outcome"],
  number
>;

export default {
  command: "run <file>",
  describe: "Train what remains of a spec's runs; a run that is stored as finished is not trained again",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Spec file" })
      .option("set", SET_OPTION)
      .option("force", { type: "boolean", default: false, describe: "Train finished runs again, as new attempts" })
      .option("jobs", {
        type: "string",
        describe:
          "Runs at a time: a number, or auto (one per CPU core, one on a GPU). Default: what the spec says, else auto",
        coerce: parseJobs,
      })
      .option("plain", { type: "boolean", default: false, describe: "Lines instead of the dashboard" })
      .option("json", { type: "boolean", default: false, describe: "One JSON object per line, at last a summary" })
      .option("db", DB_OPTION)
      .example("$0 run configs/quickstart.yaml", "Train; again: train what remains")
      .example("$0 run spec.yaml --set seed=1 --jobs auto", "Another seed, on all cores")
      .example("$0 run spec.yaml --json | jq 'select(.type == \"summary\")'", "For programs"),
  handler: async ({ file, set, force, jobs, plain, json, db }) => {
    if (plain && json) throw new UsageError("USAGE", "--plain and --json exclude each other");
    const [{ runExperiment }, { resolveDbPath }] = await Promise.all([
      import("../run/run.js"),
      import("../store/store.js"),
    ]);
    const reporter = await chooseReporter(plain, json);
    const dbPath = resolveDbPath(db);
    const summary = await runExperiment({ file, sets: set, dbPath, force, jobs, reporter });
    process.exitCode = EXIT_CODES[summary.outcome];
  },
} satisfies CommandModule<object, Args>;

async function chooseReporter(plain: boolean, json: boolean): Promise<Reporter> {
  const { isInteractive, writeJson, writeLine } = await import("../views/output.js");
  if (json) return (await import("../views/ndjson.js")).createNdjson(writeJson);
  if (plain || !isInteractive()) return (await import("../views/plain.js")).createPlain({ write: writeLine });
  return (await import("../views/dashboard.js")).createDashboard();
}

/** Throws for what is neither a positive number nor `auto`; yargs prints it as a wrong use. */
function parseJobs(text: string | undefined): number | "auto" | undefined {
  if (text === undefined || text === "auto") return text;
  if (/^[1-9][0-9]*$/.test(text)) return Number(text);
  throw new Error(`--jobs ${text}: give a number from 1 on, or auto`);
}
