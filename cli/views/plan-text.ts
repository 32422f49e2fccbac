import type { PlannedCell } from "../plan/cell.js";
import type { Foreseen } from "../plan/forecast/limits.js";
import { type InvalidCell, reasonsOf, reasonText } from "../plan/plan.js";
import { cellEpochs, firstLanesOf, laneEpochs } from "../plan/tree.js";
import { noteTexts, warningTexts } from "../plan/warnings.js";
import { forecastLines } from "./forecast-text.js";
import { labelTexts } from "./label-texts.js";
import { prose } from "./parts/prose.js";
import { LABEL, type TableColumn, tableLines } from "./parts/table.js";
import { type PlannedEvaluation, plannedEvaluationLines } from "./planned-evaluation.js";

export interface PlanView {
  file: string;
  name: string;
  extends: string | null;
  cells: readonly PlannedCell[];
  invalid: readonly InvalidCell[];
  bundles: readonly (readonly PlannedCell[])[];
  /** State of each stored run by id. A run that is not here is still to run. */
  states: ReadonlyMap<string, string>;
  notes: readonly string[];
  foresight: Pick<Foreseen, "todo" | "shares" | "forecast">;
  /** What would be evaluated after training, by model; null: nothing. */
  evaluation: PlannedEvaluation | null;
  /** Warnings where the forecast exceeds the free memory or disk. */
  warnings: readonly string[];
}

/** A longer table would scroll away in a terminal; `--json` has all rows. */
const MAX_ROWS = 60;

const MORE = "a wider terminal or --json shows them";

const COLUMNS: readonly TableColumn[] = [
  { key: "id", title: "id" },
  { key: "label", title: "label", ...LABEL },
  { key: "method", title: "method", keep: 3 },
  { key: "trainable", title: "trainable", align: "right" },
  { key: "head", title: "head", align: "right", keep: 2 },
  { key: "total", title: "total", align: "right", keep: 1 },
  { key: "rows", title: "rows", align: "right", keep: 4 },
  { key: "steps", title: "steps", align: "right" },
  { key: "state", title: "state" },
];

const isDone = (state: string | undefined) => state === "finished";

/**
 * What `lor2c plan` prints. Trainable parameters are the method's at the start of training, without the head. `width`:
 * null is as wide as needed.
 */
export function planText(plan: PlanView, width: number | null): string {
  const say = (text: string) => prose(text, width);
  const lines = [`${plan.name}  (${plan.file}${plan.extends === null ? "" : `, extends ${plan.extends}`})`, ""];
  const rows = [...plan.cells.map((cell) => row(cell, plan.states.get(cell.id))), ...plan.invalid.map(invalidRow)];
  lines.push(...tableLines(COLUMNS, rows.slice(0, MAX_ROWS), width, { more: MORE }));
  if (rows.length > MAX_ROWS) lines.push(`... and ${rows.length - MAX_ROWS} more; --json prints all`);
  const invalid = reasonsOf(plan.invalid).map((reason) => `invalid: ${reasonText(reason, rows.length)}`);
  const notes = [...plan.notes, ...noteTexts(plan.cells)].map((note) => `note: ${note}`);
  const labels = labelTexts(plan.cells);
  const warnings = [...warningTexts(plan.cells), ...plan.warnings].map((text) => `warning: ${text}`);
  const remarks = [...labels, ...invalid, ...notes, ...warnings];
  if (remarks.length > 0) lines.push("", ...remarks.flatMap(say));
  lines.push("", ...say(summary(plan)), ...forecastLines(plan.foresight, width));
  if (plan.evaluation) lines.push("", ...plannedEvaluationLines(plan.evaluation, width));
  return `${lines.join("\n")}\n`;
}

function row(cell: PlannedCell, state: string | undefined): string[] {
  const { trainable_parameters, head_parameters, total_parameters, train_rows, eval_rows, total_steps } =
    cell.inspected;
  return [
    cell.id.slice(0, 8),
    cell.label,
    cell.written ?? cell.settings.method.name,
    number(trainable_parameters),
    number(head_parameters),
    number(total_parameters),
    `${number(train_rows)} / ${number(eval_rows)}`,
    number(total_steps),
    state === undefined || state === "planned" ? "to run" : state,
  ];
}

const invalidRow = (cell: InvalidCell): string[] =>
  COLUMNS.map(
    ({ key }) =>
      ({ label: cell.label, method: cell.written ?? cell.settings.method.name, state: "invalid" })[key] ?? "-",
  );

const number = (value: number | null) => (value === null ? "-" : value.toLocaleString("en-US"));

function summary({ cells, invalid, bundles, states, foresight }: PlanView): string {
  const done = cells.filter((cell) => isDone(states.get(cell.id))).length;
  const running = cells.filter((cell) => states.get(cell.id) === "running").length;
  const lanes = bundles.reduce((sum, bundle) => sum + firstLanesOf(bundle), 0);
  const together = lanes > bundles.length ? `, with ${count(lanes, "lane")} from the first step on` : "";
  const where = `in ${count(bundles.length, "bundle")}${together}:`;
  const parts = [count(cells.length, "run"), where, `${number(done)} finished,`];
  if (running > 0) parts.push(`${number(running)} running,`);
  const left = invalid.length === 0 ? "" : `; ${number(invalid.length)} invalid`;
  return [...parts, `${number(cells.length - done - running)} to run`].join(" ") + left + epochs(foresight);
}

/** How many epochs the remaining runs train, if sharing makes them fewer; workers that divide a bundle make them more. */
function epochs({ shares, forecast: { workers } }: PlanView["foresight"]): string {
  const sum = (measure: (cells: PlannedCell[]) => number) =>
    shares.reduce((total, { cells }) => total + measure(cells), 0);
  const [lanes, alone] = [sum((cells) => laneEpochs(cells, "planned")), sum(cellEpochs)];
  if (lanes >= alone) return "";
  const probable = sum((cells) => laneEpochs(cells, "probable"));
  const round = (value: number) => Number(value.toFixed(1)).toLocaleString("en-US");
  const most = probable < lanes ? ` at most, probably about ${round(probable)},` : "";
  return `\n${round(lanes)} epochs${most} instead of ${round(alone)}, with ${count(workers, "worker")}: runs of a bundle train as one until they part`;
}

const count = (n: number, noun: string) => `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
