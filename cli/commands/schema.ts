import type { Command } from "./command.js";

export default {
  command: "schema",
  describe: "Print the JSON Schema of a spec, for editors and other tools",
  builder: (yargs) => yargs.example("$0 schema > spec.schema.json", "Save it beside your specs"),
  handler: async () => {
    const [{ specJsonSchema }, { writeJsonLines }] = await Promise.all([
      import("../spec/json-schema.js"),
      import("../views/output.js"),
    ]);
    writeJsonLines(specJsonSchema());
  },
} satisfies Command;
