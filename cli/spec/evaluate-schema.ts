/** The keys under `evaluate`: scores of benchmarks after training. `lor2c eval` takes the same as options. */
import { z } from "zod";
import { count, key, text } from "./key-docs.js";

export const BENCHMARKS = ["mmlu", "bbh", "drop", "humaneval"] as const;

export const evaluate = z.strictObject({
  protocol: key(z.enum(["instructeval", "lm-eval"]).default("instructeval"), {
    description:
      "How rows become prompts and outputs become verdicts; scores of different protocols cannot be compared. lm-eval " +
      "needs the package lm_eval",
    source: "declare-lab/instruct-eval, EleutherAI/lm-evaluation-harness",
  }),
  benchmarks: key(z.array(z.enum(BENCHMARKS)).min(1).nullable().default(null), {
    description: "What is scored, in this order",
    defaultText: "null: mmlu, bbh and drop, and with allow_code_execution humaneval",
    aliases: ["tasks"],
  }),
  rows: key(count().nullable().default(null), {
    description: "For a quick look: at most so many rows of each benchmark, drawn with seed",
    unit: "rows",
    source: "lm-evaluation-harness --limit",
    aliases: ["limit"],
    defaultText: "null: all rows",
  }),
  seed: key(z.int().min(0).max(0xffff_ffff).default(0), {
    description: "Seed of the drawn rows, and of the tokens where a protocol samples them",
  }),
  data: key(text().nullable().default(null), {
    description: "Folder with the benchmarks' files, relative to this file (docs/evaluation.md says which)",
    defaultText: "null: from the hub",
  }),
  batch_tokens: key(count().default(16_384), {
    description: "Tokens that go through the model together, those that are kept for attention included",
    unit: "tokens",
  }),
  allow_code_execution: key(z.boolean().default(false), {
    description:
      "Run the programs that the model writes for humaneval, each in a fenced process with limits on time, memory, " +
      "files and network",
    source: "transformers HF_ALLOW_CODE_EVAL",
  }),
  mmlu_none: key(z.enum(["None", "nan"]).default("None"), {
    description: "How the text None in a choice of MMLU is read: as it stands, or as the nan that pandas 2 makes of it",
  }),
});

/** What is evaluated and how, with every default filled in. */
export type EvaluationRequest = z.output<typeof evaluate>;

export const evaluationRequest = (given: z.input<typeof evaluate>): EvaluationRequest => evaluate.parse(given);

/** The benchmarks that a request means. */
export const benchmarksOf = ({ benchmarks, allow_code_execution }: EvaluationRequest): string[] =>
  benchmarks ?? BENCHMARKS.filter((name) => name !== "humaneval" || allow_code_execution);
