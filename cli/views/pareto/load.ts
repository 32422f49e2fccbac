import { UsageError } from "../../errors.js";
import type { RunRow } from "../../store/read.js";
import { lowerIsBetter } from "../../store/score-direction.js";
import type { Store } from "../../store/store.js";
import type { CompareColumn, CompareSet } from "../compare/data.js";
import { loadCompare } from "../compare/load.js";
import { marked, type ParetoAxis, type ParetoData, type ParetoSet } from "./data.js";

export interface ParetoRequest {
  of: string;
  runs: readonly RunRow[];
  /** Columns as after `--columns` of compare. */
  x: string;
  y: string;
}

/** Throws UsageError for a column that means nothing, or of which neither more nor less is better. */
export function loadPareto(store: Store, { of, runs, x, y }: ParetoRequest): ParetoData {
  const { columns, sets } = loadCompare(store, { of, runs, columns: `${x},${y}` });
  const [xColumn, yColumn] = columns;
  if (xColumn === undefined || yColumn === undefined || columns.length > 2) {
    throw new UsageError("AXIS_NOT_ONE", "--x and --y each take one column", "--x params --y accuracy");
  }
  return { of, sets: sets.map((set) => setOf(set, xColumn, yColumn)) };
}

function setOf(set: CompareSet, xColumn: CompareColumn, yColumn: CompareColumn): ParetoSet {
  const [x, y] = [axisOf(xColumn, set), axisOf(yColumn, set)];
  // What a run that trains has reached until now is no result.
  const rows = set.rows.map((row) => {
    const [xCell, yCell] = row.runs.some(({ state }) => state === "finished") ? row.cells : [];
    return { row, x: xCell?.over ?? null, y: yCell?.over ?? null };
  });
  const points = rows.flatMap(({ row, x, y }) =>
    x === null || y === null
      ? []
      : {
          ...{ name: row.name, runs: row.runs.map(({ run }) => run), n: y.n },
          ...{ x: x.mean, y: y.mean, y_low: y.low, y_high: y.high },
        },
  );
  const sign = x.better === "higher" ? -1 : 1;
  return {
    ...{ task: set.task, score_name: set.score_name, eval_rows: set.eval_rows, x, y },
    points: marked(points, x, y).toSorted((a, b) => sign * (a.x - b.x)),
    without: rows.flatMap(({ row, x, y }) => (x === null || y === null ? row.name : [])),
  };
}

function axisOf({ key, heading, better, unit }: CompareColumn, { score_name }: CompareSet): ParetoAxis {
  if (key !== "score" && better === null) {
    throw new UsageError(
      "AXIS_WITHOUT_DIRECTION",
      `neither more nor less of ${key} is better, so there is no front`,
      "params, seconds, peak_memory, score and metrics such as accuracy have a direction",
    );
  }
  if (key !== "score") return { key, heading, better: better ?? "higher", unit };
  return { key, heading: score_name ?? "score", better: lowerIsBetter(score_name ?? "") ? "lower" : "higher", unit };
}
