import type { Command } from "./command.js";

interface Args {
  clean: boolean;
}

export default {
  command: "setup",
  describe: "Make the worker's Python environment (in the user's data folder; in a checkout, beside the worker)",
  builder: (yargs) =>
    yargs
      .option("clean", { type: "boolean", default: false, describe: "Make it again from nothing" })
      .example("$0 setup", "Once after the installation and after each update; does nothing if it is current")
      .example("LOR2C_PYTHON=~/torch/bin/python $0 setup", "Check an interpreter of your own; nothing is installed"),
  handler: async ({ clean }) => {
    const [{ setUpWorker }, { writeLine }] = await Promise.all([
      import("../doctor/setup.js"),
      import("../views/output.js"),
    ]);
    for (const line of await setUpWorker(clean)) writeLine(line);
  },
} satisfies Command<Args>;
