/** What the keys of the charts change. */
export interface ChartsState {
  /** Title of the chosen metric; null: the score, or what there is. */
  metric: string | null;
  /** Only the chosen metric, although others would fit. */
  single: boolean;
  log: boolean;
  /** Weight of the past in the moving average; 0: no smoothing. */
  smoothing: Smoothing;
  /** Epoch of the cursor; null: none. */
  cursor: number | null;
}

/** TensorBoard's scale: the default there is 0.6; thousands of steps need more. */
export const SMOOTHINGS = [0, 0.6, 0.9, 0.99] as const;
type Smoothing = (typeof SMOOTHINGS)[number];

export const initial: ChartsState = { metric: null, single: false, log: false, smoothing: 0, cursor: null };
