import { formatValue } from "../format.js";
import { ordered, vegaLite } from "../parts/vega.js";
import type { OfRun } from "../view.js";
import { changeLine, type TimelineData } from "./data.js";
import { placeOf } from "./ranks.js";

/** For each run: layers by epoch with their scores, or modules by epoch with their ranks; the changes as its subtitle. */
export function timelineVega(shown: readonly OfRun<TimelineData>[]): object {
  return vegaLite({
    vconcat: shown.map(({ run, label, data }) => ({
      title: { text: `${run}  ${label}`, subtitle: data.changes.map(changeLine) },
      hconcat: [...layersOf(data), ...ranksOf(data)],
    })),
    resolve: { scale: { color: "independent" } },
  });
}

/** A merged module is a block in each of its layers. */
function layersOf({ scores }: TimelineData): object[] {
  const [first] = scores;
  if (first === undefined) return [];
  const values = scores.flatMap(({ epoch, span_start, span_end, kind, score }) =>
    Array.from({ length: span_end - span_start + 1 }, (_, i) => ({
      ...{ epoch: formatValue(epoch), layer: span_start + i, kind, score },
      merged: span_start === span_end ? "no" : `layers ${span_start} to ${span_end}`,
    })),
  );
  return [
    {
      data: { values },
      mark: { type: "rect", tooltip: { content: "data" } },
      encoding: {
        x: ordered("epoch", [...new Set(values.map(({ epoch }) => epoch))], "epoch"),
        y: { field: "layer", type: "ordinal", title: "layer" },
        color: { field: "score", type: "quantitative", scale: { scheme: "viridis" }, title: first.score_name },
      },
    },
  ];
}

function ranksOf({ ranks }: TimelineData): object[] {
  if (ranks.length === 0) return [];
  const values = ranks.map(({ module, epoch, rank }) => ({
    epoch: formatValue(epoch),
    module: module,
    place: placeOf(module),
    rank,
  }));
  const sort = [...new Set(values.map(({ module }) => module))];
  return [
    {
      data: { values },
      mark: { type: "rect", tooltip: { content: "data" } },
      encoding: {
        x: ordered("epoch", [...new Set(values.map(({ epoch }) => epoch))], "epoch"),
        y: ordered("module", sort, "module"),
        color: { field: "rank", type: "quantitative", scale: { scheme: "viridis" }, title: "rank" },
      },
    },
  ];
}
