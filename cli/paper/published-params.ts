/** The paper's #Params of a method on a model, to show beside the exact count. Pure. */
import type { Settings } from "../spec/cell.js";
import { type PaperTables, TABLES } from "./reference.js";
import { fitsRow, sameModel } from "./runs-of-cell.js";

export interface PublishedParams {
  /** `Table I, LoRA`. */
  where: string;
  /** As printed: `0.3M`. */
  params: string;
  /** Whether the number is of the whole model, with its head. */
  withHead: boolean;
  /** What the number counts, if that is not what lor2c counts. */
  note: string | null;
}

/** One for every row of this method in a table about this model; empty if the paper has none. */
export function publishedParams(settings: Settings, { tables }: PaperTables): PublishedParams[] {
  return TABLES.map((name) => tables[name])
    .filter((table) => sameModel(table.model, settings.model.name))
    .flatMap(({ number, rows }) =>
      rows
        .filter((row) => row.params !== null && fitsRow({ settings }, row))
        .map(({ label, params, params_with_head, params_note }) => ({
          where: `Table ${number}, ${label}`,
          params: params ?? "",
          withHead: params_with_head ?? false,
          note: params_note ?? null,
        })),
    );
}
