import stringWidth from "string-width";
import { formatCount, formatScore, formatValue, plural } from "../format.js";
import { clip, fitTo } from "../parts/fit.js";
import { prose } from "../parts/prose.js";
import { oneLine } from "../parts/visible.js";
import { UNBOUNDED } from "../view.js";
import type { ClassReport, ErrorReport, LabelScores, LabelsReport, Mean, Report } from "./report.js";

/** Pairs of labels that are listed; `--json` has all. */
const PAIRS = 10;
/** Names of labels are cut to this many columns. */
const NAME = 24;
/** Matrices with wider columns say more by the list of pairs. */
const LEAST_NAME = 4;

export function confusionText(report: Report, limit: number | null): string {
  const width = limit ?? UNBOUNDED;
  const head = `${plural(report.rows, "evaluation row")}, predictions of epoch ${formatValue(report.epoch)}`;
  const body =
    report.kind === "classify"
      ? [...matrix(report, width), "", ...scores(report, width), ...pairs(report, width)]
      : report.kind === "multi_label"
        ? scores(report, width)
        : errors(report, width);
  return [head, "", ...body].join("\n");
}

/** Labels by predictions; no lines if it is wider than the terminal. */
function matrix({ labels, matrix: counts }: ClassReport, width: number): string[] {
  const names = labels.map(({ label }) => clip(oneLine(label), NAME));
  const left = Math.max(5, ...names.map((name) => stringWidth(name)));
  const room = Math.floor((width - left) / labels.length) - 2;
  const numbers = counts.map((row) => row.map((count) => formatCount(count)));
  const digits = Math.max(...numbers.flat().map((text) => text.length));
  const column = Math.min(room, Math.max(digits, ...names.map((name) => stringWidth(name))));
  if (column < Math.max(digits, LEAST_NAME)) {
    return prose(
      `${plural(labels.length, "label")}: too many for a matrix here; --json and -o picture.svg have it`,
      width,
    );
  }
  const line = (cells: readonly string[]) => cells.map((cell) => `  ${fitTo(cell, column, "right")}`).join("");
  return [
    `${" ".repeat(left)}  predicted`,
    `${fitTo("label", left)}${line(names)}`,
    ...numbers.map((row, i) => `${fitTo(names[i] ?? "", left)}${line(row)}`),
  ];
}

function scores(report: ClassReport | LabelsReport, width: number): string[] {
  const room = Math.min(NAME, width - 4 * 11);
  const left = Math.max(12, ...report.labels.map(({ label }) => Math.min(room, stringWidth(oneLine(label)))));
  const line = (name: string, cells: readonly string[]) =>
    `${fitTo(oneLine(name), left)}${cells.map((cell) => cell.padStart(11)).join("")}`.trimEnd();
  const of = ({ precision, recall, f1 }: Mean) => [precision, recall, f1].map(formatScore);
  const rows = formatCount(report.rows);
  return [
    line("", ["precision", "recall", "f1", "rows"]),
    ...report.labels.map((one: LabelScores) => line(one.label, [...of(one), formatCount(one.support)])),
    "",
    ...(report.kind === "multi_label" ? [line("micro avg", of(report.micro))] : []),
    line("macro avg", of(report.macro)),
    line("weighted avg", of(report.weighted)),
    line(report.kind === "multi_label" ? "exact match" : "accuracy", ["", "", formatScore(report.accuracy), rows]),
    ...report.parts.map((part) =>
      line(`accuracy ${part.part}`, ["", "", formatScore(part.accuracy), formatCount(part.rows)]),
    ),
  ];
}

function pairs({ confused, labels }: ClassReport, width: number): string[] {
  if (confused.length === 0) return ["", "no row is confused"];
  const support = new Map(labels.map((one) => [one.label, one.support]));
  const name = (text: string) => clip(oneLine(text), NAME);
  const lines = confused.slice(0, PAIRS).map((pair) => {
    const share = ((100 * pair.rows) / (support.get(pair.label) ?? 1)).toFixed(1);
    return [
      `${name(pair.label)} predicted as ${name(pair.predicted)}`,
      `${formatCount(pair.rows)} (${share} % of ${name(pair.label)})`,
      `row${pair.first.length === 1 ? "" : "s"} ${pair.first.join(", ")}${pair.rows > pair.first.length ? ", ..." : ""}`,
    ];
  });
  const widest = Math.max(...lines.map(([what = ""]) => stringWidth(what)));
  const second = Math.max(...lines.map(([, count = ""]) => stringWidth(count)));
  const more = confused.length - PAIRS;
  return [
    "",
    ...prose("confused most (rows counted from 1 in the order of the evaluation rows)", width),
    ...lines.map(([what = "", count = "", rows = ""]) =>
      clip(`  ${fitTo(what, widest)}  ${fitTo(count, second)}  ${rows}`, width),
    ),
    ...(more > 0 ? [`  and ${plural(more, "pair")} more (--json)`] : []),
  ];
}

function errors({ mean_error, mae, mse, quantiles, largest }: ErrorReport, width: number): string[] {
  const column = (value: number) => formatValue(value).padStart(12);
  return [
    "error: prediction minus label",
    ...prose(
      `mean ${formatValue(mean_error)}, mean absolute ${formatValue(mae)}, mean squared ${formatValue(mse)}`,
      width,
    ),
    "",
    ...quantiles.map(({ share, error }) => `${`${100 * share} %`.padStart(6)}${column(error)}`),
    "",
    ...prose("largest errors (rows counted from 1 in the order of the evaluation rows)", width),
    ["row", "label", "predicted", "error"].map((text, i) => text.padStart(i === 0 ? 10 : 12)).join(""),
    ...largest.map(
      ({ row, label, predicted, error }) =>
        formatCount(row).padStart(10) + [label, predicted, error].map(column).join(""),
    ),
  ];
}
