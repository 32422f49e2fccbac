import { UsageError } from "../errors.js";
import type { Devices } from "../spec/devices.js";
import { SELECTORS } from "../store/selector-words.js";
import type { VerifyResult } from "../verify/verify.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { devicesOption } from "./devices-option.js";

interface Args {
  run: string;
  tolerance?: number | undefined;
  devices?: Devices | undefined;
  json: boolean;
  db?: string | undefined;
}

/** How many differences are listed; the first one matters most. */
const SHOWN = 5;

export default {
  command: "verify <run>",
  describe: "Train a stored run again and compare; exit 0: same values, 1: they differ, 2: cannot be compared",
  complete: runs,
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: `The run: ${SELECTORS}`,
      })
      .option("tolerance", {
        type: "number",
        describe: "Largest difference that counts as the same, relative for values above 1. Default: 0, on CUDA 1e-5",
      })
      .option("devices", devicesOption("Where to train it", "the kind of device it was trained on"))
      .option("json", { type: "boolean", default: false, describe: "Print the result as JSON" })
      .option("db", DB_OPTION)
      .example("$0 verify @last", "Does the newest run still give its numbers?")
      .example("$0 verify 3fa9 --tolerance 1e-4", "On another machine"),
  handler: async ({ run, tolerance, devices, json, db }) => {
    if (tolerance !== undefined && !(tolerance >= 0)) {
      throw new UsageError("USAGE", "--tolerance takes a number from 0 on");
    }
    const [{ verifyRun }, { resolveDbPath }, { createPlain }, output] = await Promise.all([
      import("../verify/verify.js"),
      import("../store/store.js"),
      import("../views/plain.js"),
      import("../views/output.js"),
    ]);
    const lines = createPlain({ write: output.writeNote });
    const where = { dbPath: resolveDbPath(db), selector: run, devices };
    const result = await verifyRun({ ...where, tolerance, listener: lines });
    if (json) output.writeJson(result);
    else output.writeLine(verifyText(result));
    process.exitCode = result.same ? 0 : 1;
  },
} satisfies Command<Args>;

function verifyText({ run, label, same, tolerance, compared, differences, notes }: VerifyResult): string {
  const within = tolerance === 0 ? "exactly" : `within ${tolerance}`;
  const shown = differences.slice(0, SHOWN).map(({ step, split, name, stored, again }) => {
    return `    step ${step}, ${split} ${name}: was ${value(stored)}, is ${value(again)}`;
  });
  const more = differences.length - shown.length;
  return [
    same
      ? `same: ${run} (${label}) gave all ${compared} values again, ${within}`
      : `different: ${run} (${label}) gave ${differences.length} of ${compared} values differently; the first ones:`,
    ...shown,
    ...(more > 0 ? [`    and ${more} more`] : []),
    ...notes.map((note) => `note: ${note}`),
  ].join("\n");
}

/** Shows all digits, because the difference may be in the last one. */
function value(number: number | null | undefined): string {
  if (number === undefined) return "absent";
  return number === null ? "not a finite number" : String(number);
}
