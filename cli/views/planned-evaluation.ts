import type { PlannedBenchmark } from "../evaluate/report.js";
import type { EvaluationRequest } from "../spec/evaluate-schema.js";
import { benchmarkNotes } from "./evaluation-table.js";
import { formatCount } from "./format.js";
import { prose } from "./parts/prose.js";
import { type TableColumn, tableLines } from "./parts/table.js";

export interface PlannedEvaluation {
  request: EvaluationRequest;
  /** Models can differ within a spec, and with them tokens and rows that lose shots; each is here once. */
  models: { model: string; benchmarks: readonly PlannedBenchmark[] }[];
}

const HEADS: readonly TableColumn[] = [
  { key: "benchmark", title: "benchmark" },
  { key: "rows", title: "rows", align: "right" },
  { key: "shots", title: "shots", align: "right" },
  { key: "prompt", title: "prompt tokens", align: "right" },
  { key: "new", title: "new tokens", align: "right" },
  { key: "decoding", title: "decoding", least: 24 },
];

/** What `plan` says about the stage after training. */
export function plannedEvaluationLines({ request, models }: PlannedEvaluation, width: number | null): string[] {
  const from = request.data === null ? "rows from the hub" : `rows from ${request.data}`;
  const head = `then a second stage evaluates the finished runs: protocol ${request.protocol}, ${from}`;
  // Models with a common tokenizer have equal tables.
  const alike = new Map<string, PlannedEvaluation["models"]>();
  for (const one of models) {
    const table = JSON.stringify(one.benchmarks);
    alike.set(table, [...(alike.get(table) ?? []), one]);
  }
  const blocks = [...alike.values()].flatMap((same) => [
    ...(alike.size > 1 ? [`${same.map(({ model }) => model).join(", ")}:`] : []),
    ...tableOf(same[0]?.benchmarks ?? [], width),
  ]);
  return [...prose(head, width), ...blocks];
}

function tableOf(benchmarks: readonly PlannedBenchmark[], width: number | null): string[] {
  const remarks = [
    ...benchmarks.map(({ benchmark, metric }) => `${benchmark}: ${metric}`),
    ...benchmarkNotes(benchmarks),
  ];
  return [...tableLines(HEADS, benchmarks.map(cells), width), ...remarks.flatMap((text) => prose(text, width))];
}

const cells = ({ benchmark, rows, all_rows, shots, prompt_tokens, max_new_tokens, decoding }: PlannedBenchmark) => [
  benchmark,
  `${formatCount(rows)}${rows === all_rows ? "" : ` of ${formatCount(all_rows)}`}`,
  String(shots),
  formatCount(prompt_tokens),
  `${formatCount(max_new_tokens)} a row`,
  decoding,
];
