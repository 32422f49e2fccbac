import type { StoppedRun } from "../job/stop-runs.js";
import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  what?: string | undefined;
  all?: boolean | undefined;
  wait: boolean;
  json: boolean;
  db?: string | undefined;
}

export default {
  command: "stop [what]",
  describe:
    "Stop runs that train in another terminal, after the current step, or are evaluated; says where `run` goes on",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("what", {
        type: "string",
        describe: "An experiment (name or number) or a run; default: the only experiment that is running",
      })
      // no default: yargs treats a default as given when it checks for conflicts
      .option("all", { type: "boolean", describe: "Everything that is running", conflicts: "what" })
      .option("wait", { type: "boolean", default: true, describe: "Wait until they have stopped; --no-wait only asks" })
      .option("json", { type: "boolean", default: false, describe: "Print the runs as JSON" })
      .option("db", DB_OPTION)
      .example("$0 stop", "Pause the job that is running; the same `run` continues it later")
      .example("$0 stop mrpc-grid", "End the job of this experiment; nothing more of it starts")
      .example("$0 stop 3fa9", "Stop one run; the other runs of its job continue"),
  handler: async ({ what, all, wait, json, db }) => {
    const [
      { stopRuns },
      { Interrupts },
      { resolveDbPath },
      { plural, shortId },
      { nextStartText },
      { writeJson, writeLine, writeNote },
    ] = await Promise.all([
      import("../job/stop-runs.js"),
      import("../job/interrupt.js"),
      import("../store/store.js"),
      import("../views/format.js"),
      import("../views/next-start.js"),
      import("../views/output.js"),
    ]);
    const interrupts = new Interrupts();
    try {
      const runs = await stopRuns({
        dbPath: resolveDbPath(db),
        what,
        all: all ?? false,
        wait,
        signal: interrupts.stop,
        onAsked: (asked) => {
          const owners = [...new Set(asked.map(({ owner }) => owner))].join(", ");
          writeNote(`asked ${owners} to stop ${plural(asked.length, "run")}${wait ? " after the current step" : ""}`);
        },
        onLate: (late) => {
          const owners = [...new Set(late.map(({ owner }) => owner))].join(", ");
          writeNote(
            `still waiting for ${owners}: it may be suspended, or in a long step; Ctrl-C here ends the waiting only`,
          );
        },
        onEnd: (run) => {
          if (!json) {
            const then = run.next === null ? "" : `; \`run\` ${nextStartText(run.next)}`;
            writeLine(`${shortId(run.run)}  ${run.label}: ${how(run)}${then}`);
          }
        },
      });
      if (json)
        writeJson(
          runs.map(({ run, label, benchmark, state, stoppedAtStep, next }) => ({
            ...{ run, label, benchmark, state, stopped_at_step: stoppedAtStep, next },
          })),
        );
    } catch (error) {
      interrupts.stop.throwIfAborted();
      throw error;
    } finally {
      interrupts.dispose();
    }
  },
} satisfies Command<Args>;

const how = ({ state, stoppedAtStep, benchmark }: StoppedRun): string =>
  `${benchmark === null ? "" : `${benchmark} `}${state.replaceAll("_", " ")}${stoppedAtStep === null ? "" : ` after step ${stoppedAtStep.toLocaleString("en-US")}`}`;
