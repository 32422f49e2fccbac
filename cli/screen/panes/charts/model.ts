import { lowerIsBetter } from "../../../store/score-direction.js";
import type { CurvesData } from "../../../views/curves/data.js";
import { sharedWords, withoutWords } from "../../../views/parts/names-apart.js";
import { oneLine } from "../../../views/parts/visible.js";
import type { TimelineData } from "../../../views/timeline/data.js";
import type { ScreenRun } from "../../data.js";
import type { PaneContext } from "../../pane.js";
import { runsById, shownRun } from "../shown-run.js";
import { type Measure, measuresOf } from "./measures.js";
import type { ChartsState } from "./state.js";

/** More lines over each other cannot be told apart. */
const MOST = 12;

/** A run with its line. */
export interface Drawn {
  id: string;
  name: string;
  /** Number of its colour, the same whichever run is selected. */
  index: number;
  letter: string;
  selected: boolean;
  /** The best of the finished runs. */
  best: boolean;
  /** Null: nothing is stored. */
  curves: CurvesData | null;
}

/** One chart. */
export interface Metric {
  title: string;
  /** The score of the most frequent label, if it is the same for all runs. */
  majority: number | null;
  lines: { drawn: Drawn; measure: Measure }[];
}

export interface Model {
  drawn: Drawn[];
  /** All that are measured, in their order. */
  metrics: Metric[];
  chosen: number;
  changes: { epoch: number; kind: string }[];
  /** Pinned runs without a line. */
  left: number;
}

/** What goes into a model: the same objects as before give the same model. */
export interface Shown {
  drawn: Drawn[];
  left: number;
  timeline: TimelineData | null;
}

export function shownOf({ data, shared, source }: PaneContext<ChartsState>): Shown {
  const selected = shownRun(data, shared);
  const best = bestOf(data.runs, selected?.scoreName ?? null);
  const byId = runsById(data.runs);
  const pinned = shared.pinned.filter((id) => byId.has(id));
  const runs = [...new Set([selected?.id, ...pinned, best])].flatMap((id) => byId.get(id ?? "") ?? []);
  // Pins come first, so that they keep colour and letter while the selection moves.
  const indexOf = ({ id }: ScreenRun) =>
    pinned.includes(id) ? pinned.indexOf(id) : pinned.length + Number(id !== selected?.id);
  const shown = runs.filter((run) => indexOf(run) < MOST);
  const names = shown.map(({ label }) => oneLine(label));
  const common = sharedWords(names);
  return {
    drawn: shown.map((run, i) => ({
      id: run.id,
      name: withoutWords(names[i] ?? "", common),
      index: indexOf(run),
      letter: String.fromCharCode(97 + indexOf(run)),
      selected: run === selected,
      best: run.id === best,
      curves: source.curves(run.id),
    })),
    left: runs.length - shown.length,
    timeline: selected && source.timeline(selected.id),
  };
}

/** Kept, because it looks at thousands of runs. */
const known = new WeakMap<readonly ScreenRun[], Map<string | null, string | null>>();

/** The finished run with the best score of that name; without a name of the first one's. */
function bestOf(runs: readonly ScreenRun[], scoreName: string | null): string | null {
  const kept = known.get(runs) ?? new Map<string | null, string | null>();
  known.set(runs, kept);
  const best = kept.has(scoreName) ? kept.get(scoreName) : findBest(runs, scoreName);
  kept.set(scoreName, best ?? null);
  return best ?? null;
}

function findBest(runs: readonly ScreenRun[], scoreName: string | null): string | null {
  const scored = runs.filter(({ state, score }) => state === "finished" && score !== null);
  const name = scoreName ?? scored[0]?.scoreName ?? null;
  const sign = name !== null && lowerIsBetter(name) ? -1 : 1;
  let best: ScreenRun | null = null;
  for (const run of scored) {
    if (run.scoreName !== name) continue;
    if (best === null || sign * (run.score ?? 0) > sign * (best.score ?? 0)) best = run;
  }
  return best?.id ?? null;
}

export function modelOf({ drawn, left, timeline }: Shown, state: ChartsState): Model {
  const metrics = new Map<string, Metric>();
  for (const run of drawn) {
    for (const measure of run.curves === null ? [] : measuresOf(run.curves)) {
      const { title, majority } = measure;
      const metric = metrics.get(title) ?? { title, majority, lines: [] };
      if (metric.majority !== majority) metric.majority = null;
      metric.lines.push({ drawn: run, measure });
      metrics.set(title, metric);
    }
  }
  const all = [...metrics.values()].toSorted((a, b) => rank(a.title) - rank(b.title));
  return {
    drawn,
    left,
    metrics: all,
    chosen: chosenOf(all, state.metric),
    changes: timeline?.changes ?? [],
  };
}

/** A run without a training loss must not put a score before it. */
const rank = (title: string): number => (["training loss", "evaluation loss"].indexOf(title) + 3) % 3;

/** Without a choice the score, as soon as it is a line. */
function chosenOf(metrics: readonly Metric[], title: string | null): number {
  const named = metrics.findIndex((metric) => metric.title === title);
  if (named >= 0) return named;
  const score = metrics.findIndex(
    (metric) => isScore(metric) && metric.lines.some((line) => line.measure.points.length > 1),
  );
  return Math.max(0, score);
}

export const isScore = ({ title }: Pick<Metric, "title">): boolean => rank(title) === 2;
