import { quantitative, vegaLite } from "../parts/vega.js";
import type { SeedCurves, SeedPanel } from "./data.js";
import { panelTitle } from "./text.js";

/** For each set of comparable rows, below each other: the means as lines, the seeds as bands. */
export const seedsVega = ({ panels }: SeedCurves): object => vegaLite({ vconcat: panels.map(panelOf) });

function panelOf(panel: SeedPanel): object {
  const values = panel.curves.flatMap(({ name, points }) =>
    points.map(({ epoch, mean, low, high, n }) => ({ name, epoch, mean, low, high, seeds: n })),
  );
  const scale = { zero: false };
  const color = { field: "name", type: "nominal", title: null, sort: panel.curves.map(({ name }) => name) };
  return {
    title: panelTitle(panel),
    width: 560,
    height: 260,
    data: { values },
    encoding: { x: quantitative("epoch"), color },
    layer: [
      {
        mark: { type: "area", opacity: 0.2 },
        encoding: { y: { ...quantitative("low"), title: panel.metric, scale }, y2: { field: "high" } },
      },
      {
        mark: { type: "line", tooltip: { content: "data" } },
        encoding: { y: { ...quantitative("mean"), title: panel.metric, scale } },
      },
    ],
  };
}
