import type { PlannedCell } from "../cell.js";
import { shapeOf } from "./work.js";

const FLOAT = 4;
/**
 * Vectors that a backward pass keeps for a token and layer: this many of the layer's width, and below, of its
 * middle's.
 */
const HIDDEN_KEPT = 12;
const MIDDLE_KEPT = 3;
/** Matrices of attention weights that it keeps for a row, head and layer. */
const ATTENTION_KEPT = 1.5;

/** Bytes that the backward pass of one layer needs for these rows of so many tokens, in fp32. */
export function layerActivations(cell: PlannedCell, rows: number, tokens: number): number {
  const { hidden_size, intermediate_size, attention_heads } = shapeOf(cell);
  const vectors = tokens * (HIDDEN_KEPT * hidden_size + MIDDLE_KEPT * intermediate_size);
  const attention = ATTENTION_KEPT * attention_heads * tokens * tokens;
  return rows * FLOAT * (vectors + attention);
}

/** Of all layers. */
export const activations = (cell: PlannedCell, rows: number, tokens: number): number =>
  shapeOf(cell).layers * layerActivations(cell, rows, tokens);
