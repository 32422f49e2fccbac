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
});

/** The values of `keep.adapters`. */
export type KeepAdapters = z.output<typeof keep>["adapters"];
