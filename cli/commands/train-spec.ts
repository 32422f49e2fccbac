/** Options of `run`, `sweep` and `retry`, and the job that they start. */
import type { Argv } from "yargs";
import { Lor2cError, UsageError } from "../errors.js";
import type { JobSummary, Reporter } from "../job/reporter.js";
import type { JobSource } from "../job/source.js";
import type { Foreseen } from "../plan/forecast/limits.js";
import type { Devices } from "../spec/devices.js";
import type { Store } from "../store/store.js";
import { DB_OPTION } from "./db-option.js";
import { devicesOption } from "./devices-option.js";
import { jobsOption } from "./jobs-option.js";
import { LIMIT_OPTIONS, refuseOver, roomFor } from "./limit-options.js";
import { NOTIFY_OPTION, notifyCommand } from "./notify-option.js";
import { sayWaits, type Waits } from "./say-waits.js";
import { SET_OPTION } from "./set-option.js";

export interface JobArgs {
  plain: boolean;
  json: boolean;
  ascii?: boolean | undefined;
  db?: string | undefined;
  jobs?: number | "auto" | undefined;
  devices?: Devices | undefined;
  maxHours?: number | undefined;
  maxDisk?: number | undefined;
  notify?: string | undefined;
}

export interface TrainArgs extends JobArgs {
  file: string;
  set: string[];
  force: boolean;
}

const EXIT_CODES = { finished: 0, failed: 1, interrupted: 130 } as const satisfies Record<
  JobSummary["outcome"],
  number
>;

export const trainOptions = (yargs: Argv) =>
  jobOptions(
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Spec file; - reads standard input" })
      .option("set", SET_OPTION)
      .option("force", { type: "boolean", default: false, describe: "Train finished runs again, as new attempts" }),
    "what the spec says, else auto",
  );

/** `otherwise` describes the defaults of --jobs and --devices. */
export const jobOptions = <T>(yargs: Argv<T>, otherwise: string) =>
  yargs
    .option("jobs", jobsOption(otherwise))
    .option("devices", devicesOption("Where to train", otherwise))
    .options(LIMIT_OPTIONS)
    .option("notify", NOTIFY_OPTION)
    .option("plain", { type: "boolean", default: false, describe: "Lines instead of the full screen" })
    .option("ascii", { type: "boolean", describe: "Only ASCII characters on the full screen" })
    .option("json", { type: "boolean", default: false, describe: "One JSON object per line, the last one a summary" })
    .option("db", DB_OPTION);

/** Trains the remaining runs of `file` with `sets` applied. */
export async function trainSpec(args: TrainArgs, sets: string[]): Promise<void> {
  const [{ specSource }, { withStartFolders }] = await Promise.all([
    import("../job/source.js"),
    import("../predict/start-folders.js"),
  ]);
  const sourceOf = (dbPath: string): JobSource => {
    const source = specSource(args.file, sets);
    return { ...source, cells: withStartFolders(source.cells, dbPath) };
  };
  await trainJob(args, sourceOf, args.force);
}

/** Trains the runs of `sourceOf`, shows their grid at the end, if there is one, and sets the exit code. */
export async function trainJob(
  { jobs, devices, plain, json, ascii, db, notify, ...limits }: JobArgs,
  sourceOf: (dbPath: string) => JobSource,
  force = false,
): Promise<void> {
  if (plain && json) throw new UsageError("USAGE", "--plain and --json exclude each other");
  const command = await notifyCommand(notify);
  const [{ runExperiment }, { notifying, trainingEnded }, { KeptLooks, looksFile }, { resolveDbPath }] =
    await Promise.all([
      import("../job/run.js"),
      import("./job-ended.js"),
      import("../plan/kept-looks.js"),
      import("../store/store.js"),
    ]);
  const dbPath = resolveDbPath(db);
  const source = sourceOf(dbPath);
  const approve = async (foreseen: Foreseen) => {
    await refuseOver(foreseen, limits);
    const { roomWarnings } = await import("../views/forecast-text.js");
    return roomWarnings(foreseen, roomFor(dbPath));
  };
  const looks = new KeptLooks(looksFile());
  const work = () =>
    sayWaits(json, async (waits) => {
      const reporter = await chooseReporter({ plain, json, ascii: ascii ?? false, db }, waits);
      return await runExperiment({ source, dbPath, force, jobs, devices, reporter, approve, looks });
    });
  const ended = (done: JobSummary) => trainingEnded(done, EXIT_CODES[done.outcome]);
  const summary = await notifying({ command, kind: "training", database: dbPath, work, ended });
  process.exitCode = EXIT_CODES[summary.outcome];
  if (!json) await showGrid(summary); // last: what is told does not depend on a drawing
}

interface Shown {
  plain: boolean;
  json: boolean;
  ascii: boolean;
  db: string | undefined;
}

async function chooseReporter({ plain, json, ascii, db }: Shown, waits: Waits): Promise<Reporter> {
  const [{ isInteractive, outputWidth }, { expectReader, writeJson, writeLine }] = await Promise.all([
    import("../views/terminal.js"),
    import("../views/output.js"),
  ]);
  expectReader();
  if (json) return (await import("../views/ndjson.js")).createNdjson(writeJson);
  if (plain || !isInteractive() || !(await import("../screen/terminal/foreground.js")).inForeground()) {
    return (await import("../views/plain.js")).createPlain({ write: writeLine, width: outputWidth, wait: waits.show });
  }
  const { createJobScreen } = await import("../screen/job-screen.js");
  // The screen has the terminal from its beginning on.
  return createJobScreen({ ascii, dbWords: db === undefined ? [] : ["--db", db], onBegin: waits.end });
}

/** Shows nothing if the runs have no two axes; if they have more, says how to draw the grid. */
async function showGrid({ dbPath, experiment, name }: JobSummary): Promise<void> {
  const [{ openStore }, { gridOf }, { gridText }, { colourDepth, outputWidth }, { writeColoured, writeNote }] =
    await Promise.all([
      import("../store/store.js"),
      import("../views/grid/load.js"),
      import("../views/grid/text.js"),
      import("../views/terminal.js"),
      import("../views/output.js"),
    ]);
  let store: Store | undefined;
  try {
    store = openStore(dbPath, { readonly: true });
    const grid = gridOf(store, experiment);
    if (!grid) return;
    writeColoured(`\n${gridText(grid, { width: outputWidth(), depth: colourDepth(process.stdout) })}\n`);
  } catch (error) {
    if (!(error instanceof Lor2cError)) throw error; // the job has its outcome already
    writeNote(`no heatmap of ${name}: ${error.message}\n  lor2c heatmap: ${error.hint ?? "choose what to draw"}`);
  } finally {
    store?.close();
  }
}
