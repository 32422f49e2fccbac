import type { Shape } from "../../protocol/messages.js";
import type { PlannedCell } from "../cell.js";

type Facts = Pick<PlannedCell, "settings" | "inspected">;

/** Every other kind of task trains a head. */
export const isLanguageModel = ({ inspected }: Facts): boolean => inspected.head_parameters === 0;

/** The worker's description of model and rows, or a small model without one. */
export const shapeOf = ({ inspected, settings }: Facts): Shape =>
  inspected.shape ?? {
    layers: 12,
    hidden_size: 768,
    intermediate_size: 3072,
    attention_heads: 12,
    embedding_parameters: 0,
    train_row_tokens: settings.train.max_length / 2,
    eval_row_tokens: settings.train.max_length / 2,
    longest_row_tokens: settings.train.max_length,
    saved_parameters: inspected.trainable_parameters ?? 0,
    checkpoint_parameters: inspected.trainable_parameters ?? 0,
    kept_parameters: 0,
    scored_modules: 0,
  };

/**
 * Floating-point operations of a lane for one training row. Two for every multiplied parameter in the forward pass, two
 * in the backward pass, two more for each that trains; and the products of attention, with both passes.
 */
export function trainingWork(cell: Facts): number {
  const { train_row_tokens: tokens } = shapeOf(cell);
  const trained = (cell.inspected.trainable_parameters ?? 0) + (cell.inspected.head_parameters ?? 0);
  return tokens * (4 * multiplied(cell) + 2 * trained) + 3 * attention(cell, tokens);
}

/** The same for one evaluated row. */
export function evaluationWork(cell: Facts): number {
  const { eval_row_tokens: tokens } = shapeOf(cell);
  return tokens * 2 * multiplied(cell) + attention(cell, tokens);
}

/** Tables of embeddings are looked up, not multiplied. */
const multiplied = (cell: Facts): number =>
  Math.max(0, (cell.inspected.total_parameters ?? 0) - shapeOf(cell).embedding_parameters);

function attention(cell: Facts, tokens: number): number {
  const { layers, hidden_size } = shapeOf(cell);
  return 4 * layers * hidden_size * tokens * tokens;
}

/**
 * Numbers that each lane of a bundle has: trained ones, head included, and those without moments. All lanes have the
 * tensors that any of the cells may need, e.g. injected LoRA.
 */
export function laneOf(cells: readonly PlannedCell[]): { trained: number; kept: number } {
  const most = (numbers: (cell: PlannedCell) => number) => Math.max(0, ...cells.map(numbers));
  return {
    trained: most((cell) => shapeOf(cell).checkpoint_parameters + (cell.inspected.head_parameters ?? 0)),
    kept: most((cell) => shapeOf(cell).kept_parameters),
  };
}
