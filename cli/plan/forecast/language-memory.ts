/**
 * Memory of a language model from its shape. Fitted on SmolLM2-135M (lora, fp32, CPU, rows of 256 tokens): peaks of
 * 1,407, 2,813 and 4,585 MiB with micro-batches of 1, 4 and 8 rows, and of 1,891 MiB with 8 and gradient checkpointing.
 */
import type { PlannedCell } from "../cell.js";
import { activations, layerActivations } from "./activations.js";
import type { Range } from "./range.js";
import { shapeOf } from "./work.js";

const MIB = 1024 ** 2;
const FLOAT = 4;
/** Bytes of a weight of a linear map, with its scales. */
const BYTES = { none: FLOAT, int8: 1.01, nf4: 0.53 };
const HALF = 2;
/** Logits of the tokens of one chunk, with what is computed from them. They are freed before layers are computed again. */
const CHUNK = 64 * MIB;
const CHUNKS_KEPT = 4;
/** With checkpointing: layers whose activations there are at a time, with gradients and what the allocator keeps. */
const LAYERS_AT_ONCE = 4;
/** Share of the activations of fp32 that mixed precision keeps: products are in bfloat16. Not measured. */
const MIXED = { low: 0.4, likely: 0.6, high: 1 };

/** Bytes of the weights, by `model.dtype` and `model.quantization`. */
export function languageWeights(cell: PlannedCell): number {
  const { inspected, settings } = cell;
  const { dtype, quantization } = settings.model;
  const total = inspected.total_parameters ?? 0;
  const embeddings = Math.min(total, shapeOf(cell).embedding_parameters);
  const trainsAll = (inspected.trainable_parameters ?? 0) > total / 2;
  const low = dtype === "bf16" || (dtype === "auto" && mixed(cell) && !trainsAll);
  const linear = quantization === "none" && low ? HALF : BYTES[quantization];
  const bytes = (total - embeddings) * linear + embeddings * (dtype === "bf16" ? HALF : FLOAT);
  // What a run saves is checked on the model that it was trained on, unless that one has changed.
  return trainsAll ? 2 * bytes : bytes;
}

/** Bytes that the largest micro-batch needs besides the weights. */
export function languageActivations(cell: PlannedCell): Range {
  const { train_row_tokens: mean, longest_row_tokens: longest } = shapeOf(cell);
  const { batch_size: rows, gradient_accumulation_steps: parts, tokens_per_batch: budget } = cell.settings.train;
  const share = mixed(cell) ? MIXED : { low: 1, likely: 1, high: 1 };
  const most = budget === null ? rows : Math.min(rows * parts, Math.max(1, budget / longest));
  const usual = budget === null ? rows : Math.min(rows * parts, Math.max(1, budget / mean));
  // The average of many rows hardly varies; a small batch will have the longest rows at some time.
  const large = Math.min(longest, mean * (1 + 1 / Math.sqrt(usual)));
  const of = (count: number, tokens: number) => bytesOf(cell, count, tokens);
  const likely = budget === null ? of(usual, large) : Math.max(of(most, longest), of(usual, mean));
  const high = budget === null ? of(rows, longest) : 1.1 * likely;
  return { low: share.low * of(usual, mean), likely: share.likely * likely, high: share.high * high };
}

function bytesOf(cell: PlannedCell, rows: number, tokens: number): number {
  const { layers, hidden_size } = shapeOf(cell);
  if (!cell.settings.train.gradient_checkpointing) return CHUNK + activations(cell, rows, tokens);
  const inputs = rows * tokens * layers * hidden_size * FLOAT;
  return CHUNKS_KEPT * CHUNK + inputs + Math.min(layers, LAYERS_AT_ONCE) * layerActivations(cell, rows, tokens);
}

const mixed = ({ inspected }: PlannedCell): boolean => inspected.fingerprint?.precision === "mixed";
