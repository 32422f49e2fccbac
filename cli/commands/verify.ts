import { UsageError } from "../errors.js";
import type { Devices } from "../spec/devices.js";
import { SELECTORS } from "../store/selector-words.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { devicesOption } from "./devices-option.js";
import { jobsOption } from "./jobs-option.js";
import { sayWaits, type Waits } from "./say-waits.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  run: string;
  against?: string | undefined;
  set: string[];
  jobs?: number | "auto" | undefined;
  tolerance?: number | undefined;
  devices?: Devices | undefined;
  json: boolean;
  db?: string | undefined;
}

export default {
  command: "verify <run>",
  describe:
    "Train a stored run or a spec again and compare; exit 0: same values, 1: they differ, 2: cannot be compared",
  complete: (words) => (words.includes("--against") ? [] : runs(words)),
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: `The run: ${SELECTORS}. With --against: a spec file`,
      })
      .option("against", {
        type: "string",
        requiresArg: true,
        describe: "Train the runs of a spec and compare them with this file of lor2c reference record",
      })
      .option("tolerance", {
        type: "number",
        describe:
          "Largest difference that counts as the same, relative for values above 1. Default: 0 within a device class, more across (docs/reproducing.md)",
      })
      .option("set", { ...SET_OPTION, describe: "With --against: change one key of the spec, as run does" })
      .option("jobs", jobsOption("with --against what the spec says, else one run"))
      .option(
        "devices",
        devicesOption("Where to train it", "the kind of device it was trained on, or what the spec says"),
      )
      .option("json", { type: "boolean", default: false, describe: "Print the result as JSON" })
      .option("db", DB_OPTION)
      .example("$0 verify @last", "Does the newest run still give its numbers?")
      .example("$0 verify 3fa9 --tolerance 1e-4", "On another machine")
      .example("$0 verify spec.yaml --against reference.json", "In CI: do these runs still give their numbers?"),
  handler: (args) => sayWaits(args.json, (waits) => carryOut(args, waits)),
} satisfies Command<Args>;

async function carryOut({ tolerance, ...args }: Args, waits: Waits): Promise<void> {
  if (tolerance !== undefined && !(tolerance >= 0)) {
    throw new UsageError("USAGE", "--tolerance takes a number from 0 on");
  }
  if (args.against === undefined) await verifyStored({ ...args, tolerance }, waits);
  else await verifySpec({ ...args, against: args.against, tolerance }, waits);
}

async function verifyStored({ run, set, jobs, tolerance, devices, json, db }: Args, waits: Waits): Promise<void> {
  if (set.length > 0 || jobs !== undefined) {
    throw new UsageError("USAGE", "--set and --jobs belong to a spec: name one, with --against");
  }
  const [{ verifyRun }, { resolveDbPath }, { createPlain }, { verifiedText }, output] = await Promise.all([
    import("../verify/verify.js"),
    import("../store/store.js"),
    import("../views/plain.js"),
    import("../views/verified-text.js"),
    import("../views/output.js"),
  ]);
  const lines = createPlain({ write: json ? () => {} : output.writeNote, wait: waits.show });
  const where = { dbPath: resolveDbPath(db), selector: run, devices };
  const result = await verifyRun({ ...where, tolerance, listener: lines });
  if (json) output.writeJson(result);
  else output.writeLine(verifiedText(result));
  process.exitCode = result.same ? 0 : 1;
}

async function verifySpec(args: Args & { against: string }, waits: Waits): Promise<void> {
  const { run: spec, against: file, set, jobs, devices, tolerance, json, db } = args;
  const [{ verifyAgainst }, { specSource }, { withStartFolders }, { resolveDbPath }, { createPlain }, texts, output] =
    await Promise.all([
      import("../verify/against.js"),
      import("../job/source.js"),
      import("../predict/start-folders.js"),
      import("../store/store.js"),
      import("../views/plain.js"),
      import("../views/against-text.js"),
      import("../views/output.js"),
    ]);
  const annotate = process.env.GITHUB_ACTIONS === "true" ? (json ? output.writeNote : output.writeLine) : () => {};
  try {
    const source = specSource(spec, set);
    const cells = withStartFolders(source.cells, resolveDbPath(db));
    // The job's own summary names a database that is deleted at the end.
    const write = json ? () => {} : output.writeNote;
    const reporter = { ...createPlain({ write, wait: waits.show }), end: () => {} };
    const result = await verifyAgainst({ source: { ...source, cells }, file, tolerance, devices, jobs, reporter });
    if (json) output.writeJson(result);
    else output.writeLine(texts.againstText(result));
    for (const line of texts.annotations(result)) annotate(line);
    const unknown = result.runs.some(({ cannotCompare }) => cannotCompare !== null);
    process.exitCode = unknown ? 2 : result.same ? 0 : 1;
  } catch (error) {
    if (error instanceof Error) annotate(texts.annotation(file, error.message));
    throw error;
  }
}
