import { type Command, specKeys } from "./command.js";

interface Args {
  key?: string | undefined;
  json: boolean;
}

export default {
  command: "explain [key]",
  describe: "Explain a key of a spec: unit, default, allowed values, source; without a key, list all",
  complete: specKeys,
  builder: (yargs) =>
    yargs
      .positional("key", { type: "string", describe: "Dotted key, e.g. train.learning_rate" })
      .option("json", { type: "boolean", default: false, describe: "Print as JSON" })
      .example("$0 explain train.learning_rate", "One key")
      .example("$0 explain method.imlor2c", "The parameters of one method")
      .example("$0 explain method.rank", "A parameter, for every method that has it"),
  handler: async ({ key, json }) => {
    const [{ explainAll, explainKey }, { allKeysText, keyText }, { writeJsonLines, writeText }, { outputWidth }] =
      await Promise.all([
        import("../spec/explain.js"),
        import("../views/explain-text.js"),
        import("../views/output.js"),
        import("../views/terminal.js"),
      ]);
    const found = key === undefined ? { own: explainAll(), below: [] } : explainKey(key);
    if (json) writeJsonLines([...found.own, ...found.below]);
    else writeText(key === undefined ? allKeysText(found.own, outputWidth()) : keyText(found, outputWidth()));
  },
} satisfies Command<Args>;
