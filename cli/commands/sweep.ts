import { UsageError } from "../errors.js";
import { RANGE } from "../spec/range.js";
import { type Command, files } from "./command.js";
import { sayWaits } from "./say-waits.js";
import { type TrainArgs, trainOptions, trainSpec } from "./train-spec.js";

interface Args extends TrainArgs {
  merges?: string | undefined;
  injections?: string | undefined;
  seed?: string | undefined;
  grid: string[];
}

/** Options that set an axis, and the key of each. */
const AXES = { merges: "method.merges", injections: "method.injections", seed: "seed" } as const;
const VALUES = "a range such as 0..6, or values such as 0,2,4";

export default {
  command: "sweep <file>",
  describe: "Train a spec over a grid, such as merges by injections, and show its heatmap",
  complete: files,
  builder: (yargs) =>
    trainOptions(yargs)
      .option("merges", { type: "string", describe: "Axis method.merges: 0..6, or 0,2,4" })
      .option("injections", { type: "string", describe: "Axis method.injections" })
      .option("seed", { type: "string", describe: "Axis seed; a cell of the heatmap is the mean over seeds" })
      .option("grid", {
        type: "string",
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: "Any other axis, e.g. train.learning_rate=1e-4,4e-4",
      })
      .example("$0 sweep spec.yaml --merges 0..6 --injections 0..6", "49 runs and their heatmap")
      .example("$0 sweep spec.yaml --merges 0,3 --injections 0..2 --seed 1..3", "Means over three seeds")
      .epilogue(
        "Axes are added to those of the spec's sweep.grid or replace them; --merges 0..6 is --set sweep.grid.method.merges=0..6.",
      ),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut(args: Args): Promise<void> {
  const sets = [...axisSets(args), ...args.set];
  const { loadSpec } = await import("../spec/load.js");
  const { cells } = loadSpec(args.file, sets); // before the worker starts: an error in the spec is reported at once
  if (cells.length === 1) {
    throw new UsageError(
      "SWEEP_ONE_RUN",
      `${args.file} has only one run`,
      "name axes, e.g. --merges 0..6 --injections 0..6",
    );
  }
  await trainSpec(args, sets);
}

/** The options as `--set` flags, which is how the experiment stores them. */
export function axisSets(args: Pick<Args, "merges" | "injections" | "seed" | "grid">): string[] {
  const named = (Object.keys(AXES) as (keyof typeof AXES)[]).flatMap((option) => {
    const text = args[option];
    return text === undefined ? [] : [`sweep.grid.${AXES[option]}=${listOf(text, `--${option}`)}`];
  });
  const others = args.grid.map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1)
      throw new UsageError("USAGE", `--grid ${text}: write key=values, e.g. train.learning_rate=1e-4,4e-4`);
    const key = text.slice(0, equals).trim();
    return `sweep.grid.${key}=${listOf(text.slice(equals + 1), `--grid ${key}`)}`;
  });
  return [...named, ...others];
}

/** A range, or a list in brackets, as it is. Other values, separated by commas, become a list. */
function listOf(text: string | string[], option: string): string {
  const values = Array.isArray(text) ? "" : text.trim(); // yargs makes a list of an option that is given twice
  if (values === "") throw new UsageError("USAGE", `${option}: give, once, ${VALUES}`);
  return RANGE.test(values) || values.startsWith("[") ? values : `[${values}]`;
}
