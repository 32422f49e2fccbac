/** Which stored runs belong to a cell of a published table. Pure. */
import { type Catalog, methodTrains, parametersOf, shippedCatalog } from "../spec/catalog.js";
import { presetName } from "../spec/parameters.js";
import type { ComparableRun } from "../store/read-comparable.js";
import type { PaperColumn, PaperRow } from "./reference.js";
import { isFinished } from "./setting-groups.js";

/** A hub id, a mirror and a local copy are the same model: only the last part of the name counts. */
export function sameModel(one: string, other: string): boolean {
  const last = (name: string) => name.replace(/\/+$/, "").split("/").at(-1)?.toLowerCase();
  return last(one) === last(other);
}

/** Whether a run's method is the row's, of its size: it has every parameter that the reference names, in its grid. */
export function fitsRow(run: Pick<ComparableRun, "settings">, row: PaperRow): boolean {
  if (!fitsMethod(run, row)) return false;
  const { method } = run.settings;
  const grid = row.best_of_grid;
  const within = (value: unknown, [low, high]: [number, number]) =>
    typeof value === "number" && value >= low && value <= high;
  if (grid && !(within(method.merges, grid.merges) && within(method.injections, grid.injections))) return false;
  return standsFor(method, row) !== undefined;
}

/**
 * Whether a run's method is the row's, of whatever size, and its frozen weights are quantised as the row's are (LoRA and
 * QLoRA differ in nothing else).
 */
function fitsMethod({ settings: { model, method } }: Pick<ComparableRun, "settings">, row: PaperRow): boolean {
  // Runs of earlier versions do not have the key `quantization`.
  return (model.quantization ?? "none") === row.quantization && row.methods.some(({ name }) => name === method.name);
}

/** The first of the row's methods whose parameters this one has. */
const standsFor = (method: Record<string, unknown>, row: PaperRow) => row.methods.find((stands) => has(method, stands));

const has = (method: Record<string, unknown>, wanted: Record<string, unknown>): boolean =>
  Object.entries(wanted).every(([key, value]) => JSON.stringify(method[key]) === JSON.stringify(value));

/**
 * The runs of each cell of a row, by column: those of its methods, or where none of them is scored, those of another
 * method that trains the same. `anySize`: if no run of the row has its size, those of any count.
 */
export function runsOfRow(
  row: PaperRow,
  columns: readonly PaperColumn[],
  runs: readonly ComparableRun[],
  anySize: boolean,
): ComparableRun[][] {
  const kinds = [runs, ...row.same_structure.map((other) => runs.flatMap((run) => asRowsMethod(run, row, other)))];
  const exact = kinds.map((kind) => kind.filter((run) => fitsRow(run, row)));
  const any = anySize && exact.flat().length === 0;
  const fitting = any ? kinds.map((kind) => kind.filter((run) => fitsMethod(run, row))) : exact;
  return columns.map(({ task, metric }) => {
    const [own = [], ...others] = fitting.map((kind) => kind.filter((run) => run.task === task));
    const isScored = (run: ComparableRun) => isFinished(run) && run.score_name === metric;
    const alike = own.some(isScored) ? [] : (others.find((kind) => kind.some(isScored)) ?? []);
    return [...own, ...alike];
  });
}

/**
 * A run of `other`, which trains the structure of the row's first method, as a run of that: IMLoR2C of M 0 and I 0 as
 * LoR2C. Nothing if it is none.
 */
function asRowsMethod(run: ComparableRun, row: PaperRow, other: PaperRow["same_structure"][number]): ComparableRun[] {
  const { settings } = run;
  const [own] = row.methods;
  if (!own || !has(settings.method, other)) return [];
  return [{ ...run, settings: { ...settings, method: { ...settings.method, name: own.name } } }];
}

/** Method parameters that the row does not name and that differ from the method's defaults. */
export function otherMethod(
  { settings: { method } }: Pick<ComparableRun, "settings">,
  row: PaperRow,
  catalog: Catalog,
) {
  const named = [...Object.keys(standsFor(method, row) ?? {}), ...Object.keys(row.best_of_grid ?? {})];
  return parametersOf(catalog, method.name).flatMap((parameter): string[] => {
    const { name, default: usual } = parameter;
    const value = method[name];
    if (value === undefined || named.includes(name) || JSON.stringify(value) === JSON.stringify(usual)) return [];
    const text = (of: unknown) => (parameter.presets && presetName(parameter, of)) ?? JSON.stringify(of);
    return [`method.${name} ${text(value)} (default: ${text(usual)})`];
  });
}

/** An untuned model is the same with any training settings. */
const trained = ({ settings: { method } }: Pick<ComparableRun, "settings">): boolean =>
  methodTrains(shippedCatalog(), method.name);

/** Whether a run was trained or evaluated on part of the rows, which makes it another task. */
export const isSubset = ({ settings: { data } }: ComparableRun): boolean =>
  data.train_rows !== null || data.eval_rows !== null;

/** Why the score of this run cannot be compared with the published one. */
export function incomparable(run: ComparableRun, column: PaperColumn, model: string): string[] {
  const { data } = run.settings;
  const evaluated = run.eval_rows;
  const dev = column.eval_rows;
  return [
    ...(sameModel(run.model, model) ? [] : ["another model"]),
    ...(data.train_rows === null || !trained(run) ? [] : [`trained on ${data.train_rows} rows`]),
    ...(evaluated === null || dev === undefined || evaluated === dev
      ? []
      : [`evaluated on ${evaluated} of ${dev} rows`]),
  ];
}

/**
 * Training settings that differ from those of the published script: `num_train_epochs 3 (script: 30)`. A batch is what one
 * step trains on.
 */
export function otherTraining(run: Pick<ComparableRun, "settings">, { training = {} }: PaperColumn): string[] {
  if (!trained(run)) return [];
  const { train } = run.settings;
  const rows = train.batch_size * train.gradient_accumulation_steps;
  const set: Record<string, unknown> = { ...train, batch_size: rows };
  const differing = Object.entries(training)
    .filter(([key, value]) => set[key] !== value)
    .map(([key, value]) => `${key} ${set[key]} (script: ${value})`);
  return train.max_steps === null ? differing : [...differing, `max_steps ${train.max_steps}`];
}
