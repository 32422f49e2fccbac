import type { Devices } from "../spec/devices.js";
import { type Command, files } from "./command.js";
import { devicesOption } from "./devices-option.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  file: string;
  set: string[];
  devices?: Devices | undefined;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "plan <file>",
  describe: "Show the runs a spec stands for: ids, exact trainable parameters, what is stored already; trains nothing",
  complete: files,
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Spec file" })
      .option("set", SET_OPTION)
      .option("devices", devicesOption("Where it would train", "what the spec says, else auto"))
      .option("db", { type: "string", describe: "Database (default: LOR2C_DB, else results/lor2c.db)" })
      .option("json", { type: "boolean", default: false, describe: "Print the plan as JSON" })
      .example("$0 plan configs/quickstart.yaml", "What would run")
      .example("$0 plan configs/quickstart.yaml --set seed=1", "The same with another seed"),
  handler: async ({ file, set, devices, db, json }) => {
    const { loadSpec } = await import("../spec/load.js");
    const spec = loadSpec(file, set); // before the worker starts: a wrong spec is answered at once
    const [{ resolvePlan }, { EXECUTORS }, { planText }, { planJson }] = await Promise.all([
      import("../plan/resolve-plan.js"),
      import("../executors/index.js"),
      import("../views/plan-text.js"),
      import("../views/plan-json.js"),
    ]);
    const wanted = { cells: spec.cells, jobs: spec.jobs, devices: devices ?? spec.devices };
    const plan = await resolvePlan(wanted, { executor: EXECUTORS.local({}) });
    const states = await storedStates(
      plan.cells.map((cell) => cell.id),
      db,
    );
    const view = { ...spec, ...plan, states, notes: [...spec.notes, ...plan.notes] };
    process.stdout.write(json ? `${JSON.stringify(planJson(view), null, 2)}\n` : planText(view));
  },
} satisfies Command<Args>;

/** A database that does not exist holds no runs; looking must not create it. */
async function storedStates(ids: string[], db: string | undefined): Promise<Map<string, string>> {
  const [{ statOf }, { resolveDbPath }, { openReader }, { runStates }] = await Promise.all([
    import("../files.js"),
    import("../store/store.js"),
    import("../store/reader.js"),
    import("../store/read.js"),
  ]);
  const path = resolveDbPath(db);
  if (!statOf(path)) return new Map();
  const store = openReader(path);
  try {
    return new Map(runStates(store, ids));
  } finally {
    store.close();
  }
}
