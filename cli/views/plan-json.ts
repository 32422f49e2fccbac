import { cellEpochs, firstLanesOf, laneEpochs, lanesOf } from "../plan/tree.js";
import type { PlanView } from "./plan-text.js";
import { snakeCaseKeys } from "./snake-case.js";

/** What `lor2c plan --json` prints: all of it, while the text is cut. */
export function planJson(plan: PlanView) {
  const { file, name, extends: base, cells, states, notes, bundles, invalid, foresight, warnings, evaluation } = plan;
  return {
    file,
    name,
    extends: base,
    notes,
    warnings,
    runs: cells.map(({ id, label, axes, also, settings, inspected }) => {
      const { type: _, seq: __, request: ___, index: ____, problems: _____, ...facts } = inspected;
      return { id, label, state: states.get(id) ?? "planned", axes, also, settings, ...facts };
    }),
    invalid: invalid.map(({ label, axes, settings, problems }) => ({ label, axes, settings, problems })),
    bundles: bundles.map((bundle) => ({
      runs: bundle.map((cell) => cell.id),
      first_lanes: firstLanesOf(bundle),
      lanes: lanesOf(bundle),
      lane_epochs: laneEpochs(bundle, "planned"),
      probable_lane_epochs: laneEpochs(bundle, "probable"),
      cell_epochs: cellEpochs(bundle),
    })),
    evaluation,
    forecast: snakeCaseKeys(foresight.forecast),
  };
}
