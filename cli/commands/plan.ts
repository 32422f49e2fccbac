import type { Executor } from "../executors/executor.js";
import type { Foresight } from "../job/foresee.js";
import type { ResolvedPlan } from "../plan/resolve-plan.js";
import type { Devices } from "../spec/devices.js";
import type { LoadedSpec } from "../spec/load.js";
import type { PlannedEvaluation } from "../views/planned-evaluation.js";
import { type Command, files } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { devicesOption } from "./devices-option.js";
import { jobsOption } from "./jobs-option.js";
import { LIMIT_OPTIONS, refuseOver, roomFor } from "./limit-options.js";
import { sayWaits } from "./say-waits.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  file: string;
  set: string[];
  jobs?: number | "auto" | undefined;
  devices?: Devices | undefined;
  db?: string | undefined;
  maxHours?: number | undefined;
  maxDisk?: number | undefined;
  json: boolean;
}

export default {
  command: "plan <file>",
  describe: "Show the runs of a spec: ids, exact trainable parameters, what is stored already; trains nothing",
  complete: files,
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Spec file; - reads standard input" })
      .option("set", SET_OPTION)
      .option("jobs", jobsOption("what the spec says, else auto"))
      .option("devices", devicesOption("Where the runs would train", "what the spec says, else auto"))
      .option("db", DB_OPTION)
      .options(LIMIT_OPTIONS)
      .option("json", { type: "boolean", default: false, describe: "Print the plan as JSON" })
      .example("$0 plan configs/quickstart.yaml", "What would run")
      .example("$0 plan configs/quickstart.yaml --set seed=1", "The same with another seed"),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut({ file, set, jobs, devices, db, json, ...limits }: Args): Promise<void> {
  const { loadSpec } = await import("../spec/load.js");
  const spec = loadSpec(file, set); // before the worker starts: an error in the spec is reported at once
  const [{ resolvePlan }, { KeptLooks, looksFile }, { EXECUTORS }, { resolveDbPath }, { withStartFolders }] =
    await Promise.all([
      import("../plan/resolve-plan.js"),
      import("../plan/kept-looks.js"),
      import("../executors/index.js"),
      import("../store/store.js"),
      import("../predict/start-folders.js"),
    ]);
  const path = resolveDbPath(db);
  const wanted = {
    cells: withStartFolders(spec.cells, path),
    jobs: jobs ?? spec.jobs,
    devices: devices ?? spec.devices,
  };
  const where = { executor: EXECUTORS.local({}), looks: new KeptLooks(looksFile()) };
  const [plan, { planText }, { planJson }, { roomWarnings }, output, { outputWidth }] = await Promise.all([
    resolvePlan(wanted, where), // takes longest; the rest is loaded meanwhile
    import("../views/plan-text.js"),
    import("../views/plan-json.js"),
    import("../views/forecast-text.js"),
    import("../views/output.js"),
    import("../views/terminal.js"),
  ]);
  const [foresight, evaluation] = await Promise.all([
    foreseen(plan, path, spec),
    plannedEvaluation(spec, plan, where.executor, wanted.devices),
  ]);
  const warnings = roomWarnings(foresight, roomFor(path));
  const { states } = foresight;
  const view = { ...spec, ...plan, states, notes: [...spec.notes, ...plan.notes], foresight, warnings, evaluation };
  if (json) output.writeJsonLines(planJson(view));
  else output.writeText(planText(view, outputWidth()));
  await refuseOver(foresight, limits);
}

/** Null where the spec evaluates nothing. Throws UsageError if the evaluation cannot be carried out. */
async function plannedEvaluation(
  { evaluate: request }: LoadedSpec,
  { cells }: ResolvedPlan,
  executor: Executor,
  devices: Devices,
): Promise<PlannedEvaluation | null> {
  if (request === null) return null;
  const { planModels } = await import("../evaluate/ask-plan.js");
  const settings = cells.map((cell) => cell.settings);
  const plans = await planModels(executor, settings, request, { devices });
  return { request, models: plans.map(({ label, plan: { benchmarks } }) => ({ model: label, benchmarks })) };
}

/** A missing database has no runs; reading must not create it. */
async function foreseen(plan: ResolvedPlan, path: string, spec: LoadedSpec): Promise<Foresight> {
  const [{ statOf }, { openReader }, { foresee }] = await Promise.all([
    import("../files.js"),
    import("../store/reader.js"),
    import("../job/foresee.js"),
  ]);
  const store = statOf(path) ? openReader(path) : null;
  try {
    return foresee(plan, store, spec);
  } finally {
    store?.close();
  }
}
