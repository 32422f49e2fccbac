/** Stored runs beside a published table. Pure. */

import type { Catalog } from "../spec/catalog.js";
import { LEVEL } from "../stats/mean-interval.js";
import type { ComparableRun } from "../store/read-comparable.js";
import { audit, auditNotes } from "./audit.js";
import { averageCell } from "./average.js";
import { type CellAnswer, type CellQuestion, measureCell } from "./cell.js";
import type { MeasuredRow, MeasuredTable, ScoreChoice } from "./measured-table.js";
import { cellNotes, runNotes, structureNotes, unlikeNotes, unusualNotes } from "./notes.js";
import { type PaperTable, rowName, type TableName } from "./reference.js";
import { isSubset, runsOfRow, sameModel } from "./runs-of-cell.js";

export interface TableQuestion {
  name: TableName;
  table: PaperTable;
  /** All runs of the table's tasks. */
  runs: readonly ComparableRun[];
  /** Hub id, folder or packaged name of what was trained. */
  model: string;
  score: ScoreChoice;
  /** Only runs of experiments with this name, including those on part of the rows. */
  experiment: string | null;
  /** Has the defaults of the methods' parameters. */
  catalog: Catalog;
  /** Whether to say which printed numbers cannot be what they seem. */
  audited: boolean;
  /** For the best of a grid with one seed; without it its corrected score is not known. */
  items?: CellQuestion["items"];
}

export function measureTable(question: TableQuestion): MeasuredTable {
  const { name, table, runs, model, score, experiment, catalog, audited, items } = question;
  const asked = runs.filter((run) => experiment === null || run.experiments.some((one) => one.name === experiment));
  const ofModel = asked.filter((run) => sameModel(run.model, model));
  const counted = ofModel.filter((run) => experiment !== null || !isSubset(run));

  // Sizes are of the paper's model: in an experiment on another one, a row without runs of its size takes those of any.
  const anySize = experiment !== null && !sameModel(model, table.model);
  const chosen = table.rows.map((row) => runsOfRow(row, table.columns, counted, anySize));
  const answers: CellAnswer[][] = table.rows.map((row, i) =>
    table.columns.map((column, at) => {
      const runs = chosen[i]?.[at] ?? [];
      return measureCell({ table, row, column, runs, score, experiment, catalog, items });
    }),
  );
  const placed = new Set(chosen.flat(2).map(({ id }) => id));
  const strangers = counted.filter(({ id }) => !placed.has(id));
  const shown = answers.flat().flatMap((answer) => answer.shown);
  const found = audited ? audit(table) : null;
  return {
    table: name,
    number: table.number,
    title: table.title,
    decimals: table.decimals,
    model: { measured: model, published: table.model, same: sameModel(model, table.model) },
    score,
    epoch_chosen_on: score === "best" && table.protocol === undefined ? chosenOn(shown) : null,
    level: LEVEL,
    experiment,
    protocol: table.protocol ?? null,
    columns: table.columns.map(({ name, task, metric }) => ({ name, task, metric })),
    rows: table.rows.map((row, i): MeasuredRow => {
      const cells = (answers[i] ?? []).map(({ cell }) => cell);
      const counts = cells.flatMap(({ trainable_parameters: count }) => (count === null ? [] : [count]));
      const measured: [number, number] | null = counts.length === 0 ? null : [Math.min(...counts), Math.max(...counts)];
      return {
        id: row.id,
        label: rowName(table, row),
        params: { published: row.params, measured },
        cells,
        average: averageCell(table, row, cells),
      };
    }),
    notes: [
      ...runNotes({ asked, ofModel, counted, strangers, model, published: table.model }),
      ...unusualNotes(table, answers),
      ...unlikeNotes(table, answers),
      ...structureNotes(table, answers, counted),
      ...cellNotes(table, answers),
    ],
    published_notes: [...table.notes, ...(found === null ? [] : auditNotes(table, found))],
    audit: found,
  };
}

function chosenOn(runs: readonly ComparableRun[]): MeasuredTable["epoch_chosen_on"] {
  const held = runs.filter((run) => run.holdout_best !== null).length;
  if (runs.length === 0) return null;
  return held === 0 ? "eval" : held === runs.length ? "holdout" : "both";
}
