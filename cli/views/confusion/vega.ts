import { ordered, quantitative, vegaLite } from "../parts/vega.js";
import type { OfRun } from "../view.js";
import type { ClassReport, ErrorReport, LabelsReport, Report } from "./report.js";

/** For each run: the matrix, scores of each label, or predictions by labels. */
export const confusionVega = (shown: readonly OfRun<Report>[]): object =>
  vegaLite({
    vconcat: shown.map(({ run, label, data }) => ({ title: `${run}  ${label}`, ...pictureOf(data) })),
  });

function pictureOf(data: Report): object {
  if (data.kind === "classify") return matrixOf(data);
  return data.kind === "multi_label" ? labelsOf(data) : pointsOf(data);
}

/** Each row is coloured by its share of the rows with that label. */
function matrixOf({ labels, matrix }: ClassReport): object {
  const names = labels.map(({ label }) => label);
  const values = matrix.flatMap((row, y) =>
    row.map((rows, x) => ({
      ...{ label: names[y], predicted: names[x], rows },
      share: rows / Math.max(1, labels[y]?.support ?? 1),
    })),
  );
  return {
    data: { values },
    encoding: { x: ordered("predicted", names, "predicted"), y: ordered("label", names, "label") },
    layer: [
      {
        mark: { type: "rect", tooltip: { content: "data" } },
        encoding: { color: { ...quantitative("share"), scale: { scheme: "viridis", domain: [0, 1] } } },
      },
      {
        mark: { type: "text" },
        encoding: {
          text: quantitative("rows"),
          color: { condition: { test: "datum.share > 0.5", value: "black" }, value: "white" },
        },
      },
    ],
  };
}

function labelsOf({ labels }: LabelsReport): object {
  const names = labels.map(({ label }) => label);
  const values = labels.flatMap((one, index) =>
    (["precision", "recall", "f1"] as const).map((measure) => ({ label: names[index], measure, value: one[measure] })),
  );
  return {
    data: { values },
    mark: { type: "bar", tooltip: { content: "data" } },
    encoding: {
      y: ordered("label", names, "label"),
      x: { ...quantitative("value"), scale: { domain: [0, 1] } },
      yOffset: { field: "measure", type: "nominal" },
      color: { field: "measure", type: "nominal", title: null },
    },
  };
}

const pointsOf = ({ points }: ErrorReport): object => ({
  data: { values: points.map(([label, predicted]) => ({ label, predicted })) },
  mark: { type: "point", opacity: 0.5 },
  encoding: {
    x: { ...quantitative("label"), scale: { zero: false } },
    y: { ...quantitative("predicted"), scale: { zero: false } },
  },
});
