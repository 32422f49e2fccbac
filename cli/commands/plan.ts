import { existsSync } from "node:fs";
import type { CommandModule } from "yargs";
import type { PlannedCell } from "../plan/cell.js";
import type { InvalidCell } from "../plan/plan.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  file: string;
  set: string[];
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "plan <file>",
  describe: "Show the runs a spec stands for: ids, exact trainable parameters, what is stored already; trains nothing",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Spec file" })
      .option("set", SET_OPTION)
      .option("db", { type: "string", describe: "Database (default: LOR2C_DB, else results/lor2c.db)" })
      .option("json", { type: "boolean", default: false, describe: "Print the plan as JSON" })
      .example("$0 plan configs/quickstart.yaml", "What would run")
      .example("$0 plan configs/quickstart.yaml --set seed=1", "The same with another seed"),
  handler: async ({ file, set, db, json }) => {
    const [{ loadSpec }, { planCells }, { groupBundles }, { planText }, tree] = await Promise.all([
      import("../spec/load.js"),
      import("../plan/plan.js"),
      import("../plan/bundles.js"),
      import("../views/plan-text.js"),
      import("../plan/tree.js"),
    ]);
    const spec = loadSpec(file, set); // before the worker starts: a wrong spec is answered at once
    const { inspectCells } = await import("../worker/inspect.js");
    const { cells, invalid, notes } = planCells(spec.cells, await inspectCells(spec.cells));
    const states = await storedStates(cells, db);
    const bundles = groupBundles(cells);
    const view = { ...spec, cells, invalid, bundles, states, notes: [...spec.notes, ...notes] };
    process.stdout.write(json ? `${JSON.stringify(planJson(view, tree), null, 2)}\n` : planText(view));
  },
} satisfies CommandModule<object, Args>;

/** A database that does not exist holds no runs; looking must not create it. */
async function storedStates(cells: readonly PlannedCell[], db: string | undefined): Promise<Map<string, string>> {
  const [{ openStore, resolveDbPath }, { runStates }] = await Promise.all([
    import("../store/store.js"),
    import("../store/read.js"),
  ]);
  const path = resolveDbPath(db);
  if (!existsSync(path)) return new Map();
  const store = openStore(path, { readonly: true });
  try {
    return new Map(
      runStates(
        store,
        cells.map((cell) => cell.id),
      ),
    );
  } finally {
    store.close();
  }
}

interface View {
  file: string;
  name: string;
  extends: string | null;
  cells: PlannedCell[];
  states: Map<string, string>;
  notes: string[];
  bundles: PlannedCell[][];
  invalid: InvalidCell[];
}

function planJson(
  { file, name, extends: base, cells, states, notes, bundles, invalid }: View,
  { laneEpochs, cellEpochs }: typeof import("../plan/tree.js"),
) {
  return {
    file,
    name,
    extends: base,
    notes,
    runs: cells.map(({ id, label, axes, also, settings, inspected }) => {
      const { type: _, seq: __, request: ___, index: ____, problems: _____, ...facts } = inspected;
      return { id, label, state: states.get(id) ?? "planned", axes, also, settings, ...facts };
    }),
    invalid: invalid.map(({ label, axes, settings, problems }) => ({ label, axes, settings, problems })),
    bundles: bundles.map((bundle) => ({
      runs: bundle.map((cell) => cell.id),
      lane_epochs: laneEpochs(bundle, "planned"),
      probable_lane_epochs: laneEpochs(bundle, "probable"),
      cell_epochs: cellEpochs(bundle),
    })),
  };
}
