/** Losses and scores over the epochs: the selected run, the pinned ones and the best one over each other. */
import { NOTHING } from "../../../views/curves/data.js";
import { kept } from "../../kept.js";
import { type Line, plain } from "../../line.js";
import type { Pane, PaneContext, Size } from "../../pane.js";
import { Raster } from "../../raster.js";
import { drawBox } from "./draw.js";
import { keys } from "./keys.js";
import { boxesOf, slackOf } from "./layout.js";
import { drawLegend, legendRows } from "./legend.js";
import { type Model, modelOf, type Shown, shownOf } from "./model.js";
import { type ChartsState, initial } from "./state.js";
import { stylesOf } from "./styles.js";
import { valuesText } from "./values.js";

/** Rows of one chart that has all the room it needs. */
const ROWS = 14;

const last = kept<Line[]>();
const lastModel = kept<Model>();

export const chartsPane: Pane<ChartsState> = {
  name: "charts",
  title,
  initial,
  shows: ({ runs }) => runs.length > 0,
  least: () => ({ columns: 24, rows: 4 }),
  wanted: (context) => 1 + ROWS * Math.max(1, context.state.single ? 1 : ofContext(context).metrics.length),
  lines: (context, size) =>
    last(
      [
        ...inputs(shownOf(context)),
        context.state,
        ...[size.columns, size.rows, context.look.ascii, context.look.depth],
      ],
      () => draw(context, size),
    ),
  keys,
};

/** Everything that the lines come from, as values that are the same if nothing changed. */
const inputs = ({ drawn, left, timeline }: Shown): unknown[] => [
  ...drawn.flatMap(({ id, name, index, selected, best, curves }) => [id, name, index, selected, best, curves]),
  ...[left, timeline],
];

function ofContext(context: PaneContext<ChartsState>): Model {
  const shown = shownOf(context);
  return lastModel([...inputs(shown), context.state], () => modelOf(shown, context.state));
}

function title(context: PaneContext<ChartsState>): string {
  const { state } = context;
  const { metrics, chosen } = ofContext(context);
  return [
    "Charts",
    metrics[chosen]?.title,
    ...(state.log ? ["log"] : []),
    ...(state.smoothing > 0 ? [`smooth ${state.smoothing}`] : []),
    ...(metrics.length > 1 ? ["← → metric"] : []),
  ].join(" · ");
}

function draw(context: PaneContext<ChartsState>, size: Size): Line[] {
  const { state, look } = context;
  const model = ofContext(context);
  if (model.metrics.length === 0)
    return [plain(model.drawn.length === 0 ? "no run is selected" : NOTHING, { role: "dim" })];
  const raster = new Raster(size);
  const styles = stylesOf(model.drawn);
  const rows = legendRows(model, size);
  const boxes = boxesOf(model, state, size, rows);
  const only = boxes.length === 1 ? boxes[0] : undefined;
  const values = new Map(
    only ? valuesText(only.metric, state, slackOf(only)).map(({ drawn, text }) => [drawn, text]) : [],
  );
  drawLegend(raster, model, rows, { values, cursor: state.cursor !== null }, styles);
  for (const box of boxes) drawBox(raster, box, model, state, look, styles);
  return raster.lines();
}
