import { type Command, files } from "./command.js";
import { sayWaits } from "./say-waits.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  file: string;
  set: string[];
  json: boolean;
}

/** Columns of a text that no terminal shows. */
const WIDTH = 80;

export default {
  command: "data <file>",
  describe: "Show the rows that a spec would train on: labels, lengths in tokens, repeats, leakage; trains nothing",
  complete: files,
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Spec file; - reads standard input" })
      .option("set", SET_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print everything that was found as JSON" })
      .example("$0 data reviews.yaml", "Labels, lengths and oddities of its rows")
      .example("$0 data reviews.yaml --set train.max_length=256", "How many rows would then be cut"),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut({ file, set, json }: Args): Promise<void> {
  const { loadSpec } = await import("../spec/load.js");
  const { cells, name, notes } = loadSpec(file, set); // before the worker starts: its errors are reported at once
  const [
    { rowSets },
    { examine },
    { interruptible },
    { EXECUTORS },
    { dataJson },
    { dataText },
    output,
    { outputWidth },
    { Lor2cError },
  ] = await Promise.all([
    import("../plan/row-sets.js"),
    import("../worker/examine.js"),
    import("../worker/interruptible.js"),
    import("../executors/index.js"),
    import("../views/data/json.js"),
    import("../views/data/text.js"),
    import("../views/output.js"),
    import("../views/terminal.js"),
    import("../errors.js"),
  ]);
  const sets = rowSets(cells);
  const examined = await interruptible("interrupted", (signal) =>
    examine(
      sets.map((set) => set.cells[0]),
      (question) => EXECUTORS.local({}).ask(question, { signal }),
    ),
  );
  const found = sets.flatMap((set, i) => {
    const event = examined[i];
    return event ? [{ ...set, examined: event }] : [];
  });
  const view = { file, name, notes, sets: found, runs: cells.length };
  if (json) output.writeJsonLines(dataJson(view));
  else output.writeText(dataText(view, outputWidth() ?? WIDTH));
  const problems = new Set(examined.flatMap((one) => one.problems));
  if (problems.size > 0) throw new Lor2cError("DATA_REFUSED", [...problems].join("\n"));
}
