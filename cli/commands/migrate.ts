import type { Command } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  db?: string | undefined;
}

export default {
  command: "migrate",
  describe: "Upgrade a database of an older lor2c to this version's schema, with a back-up beside it",
  builder: (yargs) => yargs.option("db", DB_OPTION).example("$0 migrate", "Commands that write do this on their own"),
  handler: async ({ db }) => {
    const [{ openStore, resolveDbPath }, { writeLine }] = await Promise.all([
      import("../store/store.js"),
      import("../views/output.js"),
    ]);
    const path = resolveDbPath(db);
    openStore(path, { readonly: true, anySchema: true }).close(); // a missing database is an error here; it is not made
    const store = openStore(path);
    store.close();
    const done = store.backup === null ? "up to date already" : `upgraded; the old one is ${store.backup}`;
    writeLine(`${store.path}: ${done}`);
  },
} satisfies Command<Args>;
