import { supported } from "../../stats/supported.js";
import { oneLine } from "../parts/visible.js";
import type { ChosenRow, CompareSet } from "./data.js";

const HOW: Record<NonNullable<ChosenRow["by"]>, string> = {
  holdout: "chosen by rows that are not reported",
  "leave-one-seed-out": "chosen by the other seeds, scored on the one left out",
  bootstrap: "chosen by samples of the evaluation rows, scored on the others",
};

/** The best of several beside its value without the luck of the choice; nothing where there was no choice. */
export function chosenLines({ chosen, rows, tests }: CompareSet, format: (value: number) => string): string[] {
  if (chosen === null || chosen.of + chosen.left_out < 2) return [];
  const best = rows.find(({ name }) => name === chosen.name)?.cells[tests?.column ?? 0]?.over?.mean;
  const value = best === undefined ? "" : ` ${format(best)}`;
  const corrected =
    chosen.honest === null || chosen.by === null
      ? `not known, ${oneLine(chosen.reason ?? "")}`
      : `${supported(format(chosen.honest), chosen.error)} (${HOW[chosen.by]})`;
  const left = chosen.left_out === 0 ? "" : `, ${chosen.left_out} with fewer seeds left out`;
  return [`best of ${chosen.of}${left}: ${oneLine(chosen.name)}${value}; corrected for the choice: ${corrected}`];
}
