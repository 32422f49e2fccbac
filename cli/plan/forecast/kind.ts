import type { EventOf } from "../../protocol/messages.js";
import { type Catalog, shippedCatalog } from "../../spec/catalog.js";
import type { MeasuredTraining } from "../../store/read-measured.js";
import type { PlannedCell } from "../cell.js";

/** A worker's description of its device. */
export type Device = EventOf<"ready">["device"];

/** Trainings of one kind take about the same time for a row. */
interface Kind {
  model: string;
  task: string;
  /** Methods of one family differ only in their schedule. */
  family: string;
  precision: string | null;
  max_length: number | null;
  device: string;
  /** How weights are held and activations kept, as `MeasuredTraining.how`. */
  how: string;
}

const familyOf = (method: string, { methods }: Catalog): string =>
  methods.find(({ name }) => name === method)?.family ?? method;

export const kindOfCell = ({ settings, inspected }: PlannedCell, device: Device): Kind => ({
  model: settings.model.name,
  task: settings.task.name,
  family: familyOf(settings.method.name, shippedCatalog()),
  precision: inspected.fingerprint?.precision ?? settings.train.precision,
  max_length: settings.train.max_length,
  device: device.description,
  how: howOf(settings),
});

const howOf = ({ model, train }: PlannedCell["settings"]): string =>
  JSON.stringify([model.dtype, model.quantization, train.gradient_checkpointing ? 1 : 0, train.tokens_per_batch]);

const kindOfTraining = ({ method, ...row }: MeasuredTraining): Kind => ({
  ...row,
  family: familyOf(method, shippedCatalog()),
});

/** Stored trainings that are comparable to a run, best first: those that agree in each of these. */
export interface Comparable {
  alike: MeasuredTraining[];
  model: MeasuredTraining[];
  device: MeasuredTraining[];
}

export function comparable(kind: Kind, stored: readonly MeasuredTraining[]): Comparable {
  const agree = (...keys: (keyof Kind)[]) =>
    stored.filter((row) => {
      const other = kindOfTraining(row);
      return keys.every((key) => other[key] === kind[key]);
    });
  return {
    alike: agree("model", "task", "family", "precision", "max_length", "device", "how"),
    model: agree("model", "precision", "device"),
    device: agree("device"),
  };
}
