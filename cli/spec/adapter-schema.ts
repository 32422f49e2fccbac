/** The keys under `adapter`: what the saved folder says of itself to others. They change no number. */
import { z } from "zod";
import { key, text } from "./key-docs.js";
import { licenseProblem } from "./licenses.js";

export const adapter = key(
  z
    .strictObject({
      license: key(
        text()
          .refine((name) => licenseProblem(name) === undefined, {
            error: ({ input }) => licenseProblem(String(input)) ?? "",
          })
          .nullable()
          .default(null),
        {
          description:
            "Licence of the adapter, in its model card: by the name that the hub has for it, such as apache-2.0, mit or " +
            "cc-by-4.0. Of a stored run, lor2c export-adapter --license says another",
          source: "huggingface_hub ModelCardData(license)",
          aliases: ["licence"],
          defaultText: "null: the card names none",
          outsideId: true,
        },
      ),
    })
    .prefault({}),
  {
    description: "What the saved adapter says of itself to others; not part of a run's id",
    outsideId: true,
  },
);
