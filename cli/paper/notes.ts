/** What the reader needs to know about the measured numbers, as sentences. Pure. */
import { supported } from "../stats/supported.js";
import type { ComparableRun } from "../store/read-comparable.js";
import type { CellAnswer } from "./cell.js";
import type { MeasuredCell } from "./measured-table.js";
import { type PaperRow, type PaperTable, rowName } from "./reference.js";
import { sameModel } from "./runs-of-cell.js";

interface Runs {
  /** The runs of the table's tasks and the chosen experiment; then those of the model; then those on all rows. */
  asked: readonly ComparableRun[];
  ofModel: readonly ComparableRun[];
  counted: readonly ComparableRun[];
  /** Counted runs whose method has no row. */
  strangers: readonly ComparableRun[];
  model: string;
  published: string;
}

export function runNotes({ asked, ofModel, counted, strangers, model, published }: Runs): string[] {
  const notes: string[] = [];
  if (!sameModel(model, published)) {
    notes.push(`the published numbers are of ${published}; those of ${model} are shown beside them without a verdict`);
  }
  if (ofModel.length === 0) {
    const others = storedModels(asked);
    const hint = others === "" ? "" : `; stored are those of ${others}: --model NAME shows them`;
    notes.push(`no runs of ${model} on these tasks${hint}`);
  }
  const parts = ofModel.length - counted.length;
  if (parts > 0) {
    notes.push(
      `left out for using a part of the rows: ${parts} of ${ofModel.length} runs; --experiment NAME includes them`,
    );
  }
  if (strangers.length > 0) {
    const names = [...new Set(strangers.map((run) => run.settings.method.name))].sort().join(", ");
    notes.push(
      `runs of these tasks that have no row in the table, because of another method, size or quantisation: ${strangers.length} (${names})`,
    );
  }
  return notes;
}

/** `minilm (3), tiny (1)`: models with their numbers of runs. */
export function storedModels(runs: readonly ComparableRun[]): string {
  const names = [...new Set(runs.map((run) => run.model))].sort();
  return names.map((name) => `${name} (${runs.filter((run) => run.model === name).length})`).join(", ");
}

/** The settings of the runs that differ from the paper's, with the columns and rows that have them. */
export function unusualNotes(table: PaperTable, answers: readonly CellAnswer[][]): string[] {
  const columns = new Map<string, string[]>();
  table.columns.forEach((column, at) => {
    const labels = new Map<string, string[]>();
    answers.forEach((row, i) => {
      const [text, own] = [row[at]?.unusual.join(", ") ?? "", table.rows[i]];
      if (text !== "" && own) labels.set(text, [...(labels.get(text) ?? []), rowName(table, own)]);
    });
    for (const [text, rows] of labels) {
      const note = `(${rows.join(", ")}): trained with ${text}`;
      columns.set(note, [...(columns.get(note) ?? []), column.name]);
    }
  });
  return [...columns].map(([note, names]) => `${names.join(", ")} ${note}`);
}

/** Cells that show runs of another method with the row's structure. `stored`: the runs as they were trained. */
export function structureNotes(
  table: PaperTable,
  answers: readonly CellAnswer[][],
  stored: readonly ComparableRun[],
): string[] {
  const trained = new Map(stored.map((run) => [run.id, run.settings.method]));
  return answers.flatMap((row, i) =>
    row.flatMap(({ shown: [run] }, at) => {
      const [own, column] = [table.rows[i], table.columns[at]];
      const method = run && trained.get(run.id);
      if (!own || !column || !method || method.name === run.settings.method.name) return [];
      const { name, ...changes } = own.same_structure.find((other) => other.name === method.name) ?? method;
      const text = Object.entries(changes).map(([key, value]) => `${key} ${value}`);
      const where = `${column.name} ${rowName(table, own)}`;
      return [
        `${where}: shown is ${name} with ${text.join(", ")}, which trains the same as ${run.settings.method.name}`,
      ];
    }),
  );
}

/** Columns whose rows were not all scored on the same rows with the same settings, so that they cannot be compared. */
export function unlikeNotes(table: PaperTable, answers: readonly CellAnswer[][]): string[] {
  return table.columns.flatMap(({ name }, at) => {
    const ways = new Map<string, { rows: number | null; labels: string[] }>();
    answers.forEach((row, i) => {
      const [run, own] = [row[at]?.shown[0], table.rows[i]];
      const way = run?.evaluated;
      if (!run || !own || !way) return;
      ways.set(way, { rows: run.eval_rows, labels: [...(ways.get(way)?.labels ?? []), rowName(table, own)] });
    });
    if (ways.size < 2) return [];
    const each = [...ways.values()].map(
      ({ rows, labels }) => `${labels.join(", ")} on ${(rows ?? 0).toLocaleString("en-US")} rows`,
    );
    return [`${name}: not all are scored on the same rows with the same settings: ${each.join("; ")}`];
  });
}

export function cellNotes(table: PaperTable, answers: readonly CellAnswer[][]): string[] {
  return answers.flatMap((row, i) =>
    row.flatMap(({ cell, shown, notes }, at) => {
      const [own, column] = [table.rows[i], table.columns[at]];
      if (!own || !column) return [];
      const all = [...choiceNote(cell, own), ...majorityNote(shown), ...notes];
      return all.map((note) => `${column.name} ${rowName(table, own)}: ${note}`);
    }),
  );
}

function choiceNote({ choice, task, measured }: MeasuredCell, row: PaperRow): string[] {
  if (!choice || !measured) return [];
  const place = `merges ${choice.merges}, injections ${choice.injections}`;
  const published = Object.entries(row.published_best?.[task] ?? {}).map(([key, value]) => `${key} ${value}`);
  const paper = published.length > 0 ? ` (paper: ${published.join(", ")})` : "";
  const left = choice.left_out > 0 ? ` (${choice.left_out} more have fewer seeds)` : "";
  const of = choice.cells === 1 ? "one stored cell of M x I" : `the best of ${choice.cells} stored cells of M x I`;
  return [`${of}${left}: ${place}${paper}`, optimismNote(choice)];
}

function optimismNote({ by, honest, optimism, error, reason }: NonNullable<MeasuredCell["choice"]>): string {
  if (honest === null || optimism === null) return `the optimism of this choice cannot be estimated: ${reason}`;
  const how =
    by === "holdout"
      ? "chosen on the held-out part of train"
      : by === "bootstrap"
        ? "chosen on samples of the evaluation rows, scored on the others"
        : "chosen on the other seeds, one left out in turn";
  const sign = optimism < 0 ? "" : "+";
  const [amount, scores] = [optimism, honest].map((value) => supported(value.toFixed(2), error));
  return `the optimism of this choice is ${sign}${amount}: ${how}, the same choice scores ${scores}`;
}

/** A run that learned nothing is a result, but says little about the method. */
function majorityNote(shown: readonly ComparableRun[]): string[] {
  const stuck = shown.filter(
    (run) => run.best_score !== null && run.majority_score !== null && run.best_score <= run.majority_score,
  );
  const majority = stuck[0]?.majority_score;
  if (majority === undefined || majority === null) return [];
  return [`not above the majority class (${(majority * 100).toFixed(1)}): ${stuck.length} of ${shown.length} runs`];
}
