/** Made-up data for tests of panes. */
import type { ScreenData, ScreenRun } from "../data.js";
import type { PaneContext } from "../pane.js";

export const sampleRun = (id: string, facts: Partial<ScreenRun> = {}): ScreenRun => ({
  ...{ id, label: id, state: "planned", lane: null, phase: null, step: 0, totalSteps: 100 },
  ...{ epoch: null, epochs: 30, scoreName: "accuracy", score: null, bestEpoch: null, majorityScore: null },
  ...{ collapsed: false, loss: null, losses: [], tokensPerSecond: null, seconds: null, secondsLeft: null },
  ...{ reason: null, merges: 0, injections: 0, trainableParameters: null, tags: [], settings: {} },
  ...facts,
});

export const sampleData = (facts: Partial<ScreenData> = {}): ScreenData => ({
  ...{ title: "mrpc-grid", experiment: 1, runs: [], grid: null, log: [], alerts: [], devices: [] },
  progress: { counts: [], finished: 0, total: 0, fraction: 0, secondsLeft: null },
  ...facts,
});

/** A dark terminal without colours. */
export const sampleContext = <State>(
  data: ScreenData,
  state: State,
  facts: Partial<PaneContext<State>> = {},
): PaneContext<State> => ({
  ...{ data, state, shared: { selected: null, marked: [], pinned: [] }, now: 0 },
  look: { depth: 1, dark: true, ascii: false },
  source: { timeline: () => null, curves: () => null, matching: () => ({ runs: new Set() }) },
  ...facts,
});
