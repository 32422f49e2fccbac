/** The options of `lor2c eval`, which say the same as the keys of `evaluate:` in a spec. */
import { UsageError } from "../errors.js";
import type { EvaluationRequest } from "../spec/evaluate-schema.js";
import { counted } from "./number-options.js";

const BENCHMARKS = "mmlu, bbh, drop, humaneval";

export const EVALUATE_OPTIONS = {
  suite: { choices: ["instruct"] as const, default: "instruct" as const, describe: "Which family of benchmarks" },
  protocol: {
    choices: ["instructeval", "lm-eval"] as const,
    describe: "How rows become prompts and outputs become verdicts. Default: instructeval",
  },
  benchmarks: {
    type: "string",
    describe: `Of ${BENCHMARKS}, separated by commas. Default: all, humaneval only with --allow-code-execution`,
  },
  data: { type: "string", describe: "Folder with the benchmarks' files. Default: the hub" },
  rows: {
    type: "string",
    describe: "At most so many rows of each benchmark, drawn with --seed",
    coerce: counted("rows"),
  },
  seed: {
    type: "string",
    describe: "Seed of the drawn rows and of sampled tokens. Default: 0",
    coerce: counted("seed", 0),
  },
  "batch-tokens": {
    type: "string",
    describe: "Tokens that go through the model together. Default: 16384",
    coerce: counted("batch-tokens"),
  },
  "mmlu-none": {
    choices: ["None", "nan"] as const,
    describe: "How the text None in a choice of MMLU is read. Default: None",
  },
  "allow-code-execution": {
    type: "boolean",
    default: false,
    describe: "Run the programs that the model writes for humaneval, each in a fenced process",
  },
} as const;

export interface EvaluateArgs {
  protocol?: "instructeval" | "lm-eval" | undefined;
  benchmarks?: string | undefined;
  data?: string | undefined;
  rows?: number | undefined;
  seed?: number | undefined;
  "batch-tokens"?: number | undefined;
  "mmlu-none"?: "None" | "nan" | undefined;
  "allow-code-execution": boolean;
}

/** The request that the options make. Throws UsageError. */
export async function requestOf(args: EvaluateArgs): Promise<EvaluationRequest> {
  const [{ BENCHMARKS: known, evaluationRequest }, { nearest }, { resolve }] = await Promise.all([
    import("../spec/evaluate-schema.js"),
    import("../spec/suggest.js"),
    import("node:path"),
  ]);
  const benchmarks = args.benchmarks?.split(",").map((name) => name.trim());
  for (const name of benchmarks ?? []) {
    if ((known as readonly string[]).includes(name)) continue;
    const near = nearest(name, known);
    throw new UsageError(
      "USAGE",
      `--benchmarks: there is no ${name || "benchmark without a name"}`,
      near === undefined ? `of ${BENCHMARKS}` : `did you mean ${near}?`,
    );
  }
  const twice = benchmarks?.find((name, index) => benchmarks.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError("USAGE", `--benchmarks names ${twice} twice`);
  return evaluationRequest({
    protocol: args.protocol,
    benchmarks: benchmarks as EvaluationRequest["benchmarks"] | undefined,
    rows: args.rows,
    seed: args.seed,
    data: args.data === undefined ? undefined : resolve(args.data),
    batch_tokens: args["batch-tokens"],
    mmlu_none: args["mmlu-none"],
    allow_code_execution: args["allow-code-execution"],
  });
}
