import type { SpecProblem } from "../errors.js";
import { type Command, files } from "./command.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  file: string[];
  set: string[];
  json: boolean;
}

export default {
  command: "validate <file..>",
  describe: "Check specs without running anything: all problems of all files, with their places",
  complete: files,
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "Spec files; - reads standard input",
      })
      .option("set", SET_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the result as JSON" })
      .example("$0 validate configs/*.yaml", "Check every spec of a folder")
      .example("sed s/minilm/roberta-base/ spec.yaml | $0 validate -", "Check a spec from another program"),
  handler: async ({ file: files, set, json }) => {
    const [{ loadSpec }, { SpecError }, { writeJsonLines, writeLine, writeNote }] = await Promise.all([
      import("../spec/load.js"),
      import("../errors.js"),
      import("../views/output.js"),
    ]);
    const results = files.map(
      (file): { file: string; ok: boolean; cells: number; notes: string[]; problems: SpecProblem[] } => {
        try {
          const { cells, notes } = loadSpec(file, set);
          return { file, ok: true, cells: cells.length, notes, problems: [] };
        } catch (error) {
          if (!(error instanceof SpecError)) throw error;
          return { file, ok: false, cells: 0, notes: [], problems: error.problems };
        }
      },
    );
    const problems = results.flatMap((result) => result.problems);
    if (json) writeJsonLines({ ok: problems.length === 0, files: results });
    else {
      for (const { file, ok, cells, notes } of results) {
        if (ok) writeLine([`${file}: ok, ${cells} ${cells === 1 ? "run" : "runs"}`, ...notes].join("; "));
      }
    }
    if (problems.length > 0) throw new SpecError(problems);
    if (!json && process.stdout.isTTY) writeNote("note: validate looks at no model and no rows; `lor2c plan` does");
  },
} satisfies Command<Args>;
