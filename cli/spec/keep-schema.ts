/** The keys under `keep`: which files stay when a job is over. They change no number, and are no setting of a run. */
import { z } from "zod";
import { key } from "./key-docs.js";

export const keep = z.strictObject({
  adapters: key(z.enum(["all", "best", "none"]).default("all"), {
    description:
      "Which adapters stay on the disk: all; best: at the end of a job, only that of the experiment's best run for each " +
      "model, task and score; none: each is deleted once it is checked and what evaluate asks for is scored. Scores, " +
      "predictions and hashes stay. Only what was trained with this setting is deleted; not part of a run's id",
  }),
  checkpoints: key(z.enum(["unfinished", "none"]).default("unfinished"), {
    description:
      "Which checkpoints there are: unfinished: those of runs that have not finished, so that a run which is stopped or " +
      "lost goes on from there; none: none is written (train.checkpoint_minutes counts for nothing), and such a run " +
      "begins again. Not part of a run's id",
    // With more epochs it would be another run, with another learning rate at every step.
    valueHints: { all: "nothing can go on from the checkpoint of a finished run, so those are always deleted" },
  }),
});

/** What `keep` of a spec asks for. */
export type Keep = z.output<typeof keep>;
/** The values of `keep.adapters`. */
export type KeepAdapters = Keep["adapters"];

export const KEEPS_ALL: Readonly<Keep> = keep.parse({});
