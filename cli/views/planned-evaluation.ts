import type { PlannedBenchmark } from "../evaluate/report.js";
import type { EvaluationRequest } from "../spec/evaluate-schema.js";
import { columns } from "./columns.js";
import { formatCount } from "./format.js";

export interface PlannedEvaluation {
  request: EvaluationRequest;
  /** Models can differ within a spec, and with them tokens and rows that lose shots. */
  models: { model: string; benchmarks: readonly PlannedBenchmark[] }[];
}

const HEADS = ["benchmark", "rows", "shots", "prompt tokens", "new tokens", "decoding"].map((title, index) => ({
  title,
  align: index >= 1 && index <= 4 ? ("right" as const) : ("left" as const),
}));

/** What `plan` says about the stage after training. */
export function plannedEvaluationLines({ request, models }: PlannedEvaluation): string[] {
  const from = request.data === null ? "rows from the hub" : `rows from ${request.data}`;
  const head = `then a second stage evaluates the finished runs: protocol ${request.protocol}, ${from}`;
  const blocks = models.flatMap(({ model, benchmarks }) => [
    ...(models.length > 1 ? [`${model}:`] : []),
    ...columns(HEADS, benchmarks.map(cells)),
    ...benchmarks.flatMap(({ benchmark, metric, notes }) => [
      `${benchmark}: ${metric}`,
      ...notes.map((note) => `note: ${benchmark}: ${note}`),
    ]),
  ]);
  return [head, ...blocks];
}

const cells = ({ benchmark, rows, all_rows, shots, prompt_tokens, max_new_tokens, decoding }: PlannedBenchmark) => [
  benchmark,
  `${formatCount(rows)}${rows === all_rows ? "" : ` of ${formatCount(all_rows)}`}`,
  String(shots),
  formatCount(prompt_tokens),
  `${formatCount(max_new_tokens)} a row`,
  decoding,
];
