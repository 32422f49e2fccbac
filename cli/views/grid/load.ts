import { UsageError } from "../../errors.js";
import {
  type AxisRow,
  experimentAxes,
  experiments,
  gridCells,
  gridMetrics,
  isWholeGrid,
  leftOutCells,
  scoredRuns,
  type WhichEpoch,
} from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { runItems } from "../run-items.js";
import { chooseAxes, filterCells, isMergesByInjections, refuseMixtures } from "./axes.js";
import { buildGrid, type Grid } from "./grid.js";

export interface GridRequest {
  /** Name or number of an experiment. Default: of those that have such a grid the best to look at (`usefulFirst`). */
  experiment?: string | number | undefined;
  rows?: string | undefined;
  cols?: string | undefined;
  metric?: string | undefined;
  which?: WhichEpoch | undefined;
  /** Filters `key=value`. */
  where?: readonly string[] | undefined;
  /** Without predictions, which take time to read, a grid of one seed has no tests. Default: with them. */
  withoutItems?: boolean;
}

/** A grid, and the other experiments that have one, if the user named none. */
export type LoadedGrid = Grid & { others: { id: number; name: string }[] };

/** Throws UsageError if there is no such grid, and says what there is. */
export function loadGrid(store: Store, request: GridRequest = {}): LoadedGrid {
  const { experiment, rows, cols, others } = chooseExperiment(store, request);
  const metric = request.metric ?? null;
  if (metric !== null) {
    const known = gridMetrics(store, experiment.id);
    if (!known.includes(metric)) {
      const hint = known.length > 0 ? `it has: ${known.join(", ")}` : "nothing has been evaluated yet";
      throw new UsageError("METRIC_UNKNOWN", `the evaluations of ${experiment.name} have no ${metric}`, hint);
    }
  }
  const which = request.which ?? "best";
  const where = request.where ?? [];
  const cells = filterCells(gridCells(store, experiment.id, { metric, which }), where);
  refuseMixtures(cells, rows, cols);
  const finished = cells.filter(({ state }) => state === "finished");
  if (
    finished.length > 0 &&
    (which === "fixed" || typeof which === "number") &&
    finished.every(({ value }) => value === null)
  ) {
    const when = which === "fixed" ? "names train.report_epoch" : `has a score after epoch ${which}`;
    throw new UsageError(
      "SCORE_MISSING",
      `no finished run of ${experiment.name} ${when}`,
      "--score best, last, or another epoch",
    );
  }
  const grid = buildGrid(
    {
      ...{ experiment, cells, leftOut: leftOutCells(store, experiment.id) },
      items: request.withoutItems ? undefined : runItems(store),
    },
    { rows, cols, metric, which, where },
  );
  return { ...grid, others };
}

/**
 * The grid of an experiment, or null if its axes cannot be chosen without asking. Throws UsageError if another axis
 * varies as well.
 */
export function gridOf(store: Store, experiment: number, { withoutItems = false } = {}): Grid | null {
  const axes = chooseAxes(experimentAxes(store, experiment));
  return typeof axes === "string" ? null : loadGrid(store, { experiment, withoutItems });
}

interface Choice {
  experiment: { id: number; name: string };
  rows: string;
  cols: string;
  /** What else could be drawn, if the user named nothing. */
  others: { id: number; name: string }[];
}

function chooseExperiment(store: Store, request: GridRequest): Choice {
  const { experiment: wanted } = request;
  if (wanted === undefined) {
    const [found, ...others] = usefulFirst(store, grids(byExperiment(experimentAxes(store)), request));
    if (found) return { ...found, others: others.map(({ experiment }) => experiment) };
    const asked =
      request.rows || request.cols
        ? "with these axes"
        : "whose sweep has merges and injections, or two axes of numbers";
    throw new UsageError(
      "GRID_MISSING",
      `there is no experiment ${asked}`,
      "lor2c sweep SPEC --merges 0..6 --injections 0..6 makes one",
    );
  }
  const all = experiments(store);
  // A name wins over a number.
  const meant = all.some(({ name }) => name === wanted)
    ? wanted
    : all.find(({ id }) => String(id) === String(wanted))?.id;
  if (meant === undefined) {
    const names = [...new Set(all.map(({ name }) => name))].slice(0, 8);
    throw new UsageError(
      "EXPERIMENT_MISSING",
      `there is no experiment ${wanted}`,
      `the newest are: ${names.join(", ") || "none"}`,
    );
  }
  const axes = byExperiment(experimentAxes(store, meant));
  const [found] = usefulFirst(store, grids(axes, request));
  if (found) return { ...found, others: [] };
  const why = chooseAxes(axes[0] ?? [], request);
  throw new UsageError("GRID_MISSING", `${wanted} has no such grid: ${why}`, "--rows KEY --cols KEY choose other axes");
}

/** The experiments that have the axes, newest first. A sweep with more or fewer runs is another one of the same name. */
function grids(groups: AxisRow[][], request: GridRequest): Omit<Choice, "others">[] {
  return groups.flatMap((group) => {
    const axes = chooseAxes(group, request);
    const [first] = group;
    return typeof axes === "string" || !first
      ? []
      : [{ experiment: { id: first.experiment, name: first.name }, ...axes }];
  });
}

/** Grids with scores come first, and among them merges by injections, then other whole grids; the newest of each. */
function usefulFirst(store: Store, all: readonly Omit<Choice, "others">[]): Omit<Choice, "others">[] {
  const scored = scoredRuns(store);
  const kind = ({ experiment, rows, cols }: Omit<Choice, "others">) => {
    if (isMergesByInjections(rows, cols)) return 0;
    return isWholeGrid(store, experiment.id, rows, cols) ? 1 : 2;
  };
  const ranked = all.map((one) => ({ one, rank: (scored.has(one.experiment.id) ? 0 : 3) + kind(one) }));
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ one }) => one);
}

function byExperiment(rows: AxisRow[]): AxisRow[][] {
  const groups = new Map<number, AxisRow[]>();
  for (const row of rows) groups.set(row.experiment, [...(groups.get(row.experiment) ?? []), row]);
  return [...groups.values()];
}
