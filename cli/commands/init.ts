import { type Command, files } from "./command.js";

interface Args {
  file: string;
  force: boolean;
}

export default {
  command: "init [file]",
  describe: "Write a commented spec to start from",
  complete: files,
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", default: "experiment.yaml", describe: "File to write" })
      .option("force", { type: "boolean", default: false, describe: "Replace the file if it exists" })
      .example("$0 init mrpc.yaml", "Write mrpc.yaml"),
  handler: async ({ file, force }) => {
    const [
      { readFileSync, writeFileSync },
      { basename, dirname, resolve },
      { UsageError },
      { starterFile, starterText },
      { makeFolder },
      { writeLine },
    ] = await Promise.all([
      import("node:fs"),
      import("node:path"),
      import("../errors.js"),
      import("../spec/modeline.js"),
      import("../store/folder.js"),
      import("../views/output.js"),
    ]);
    const name = basename(file).replace(/\.ya?ml$/i, "");
    makeFolder(resolve(dirname(file)), "make it, or name another file");
    try {
      // `wx` checks and writes in one step, so no other process can make the file in between.
      writeFileSync(file, starterText(readFileSync(starterFile(), "utf8"), file, name), { flag: force ? "w" : "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new UsageError("FILE_EXISTS", `${file} already exists`, "--force replaces it");
    }
    writeLine(`Wrote ${file}. Next: lor2c plan ${file}`);
  },
} satisfies Command<Args>;
