import type { Command } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { sayWaits } from "./say-waits.js";

interface Args {
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "doctor",
  describe: "Check everything that a run needs here, in one table; exit 1 if a run would fail",
  builder: (yargs) =>
    yargs
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the table as JSON" })
      .example("$0 doctor", "Versions, device, packages, database, disk")
      .example("LOR2C_PYTHON=~/torch/bin/python $0 doctor", "Would this interpreter do?"),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut({ db, json }: Args): Promise<void> {
  const [{ examine }, { doctorLines }, { writeJson, writeLine }, { outputWidth }, { Lor2cError }] = await Promise.all([
    import("../doctor/doctor.js"),
    import("../views/doctor-text.js"),
    import("../views/output.js"),
    import("../views/terminal.js"),
    import("../errors.js"),
  ]);
  const rows = await examine(db);
  const failed = rows.filter((row) => row.state === "fail");
  if (json) writeJson({ ok: failed.length === 0, rows });
  else for (const line of doctorLines(rows, outputWidth())) writeLine(line);
  if (failed.length === 0) return;
  const names = failed.map((row) => row.name).join(", ");
  throw new Lor2cError("DOCTOR_FAILED", `a run would fail here: ${names}`);
}
