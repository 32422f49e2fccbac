import type { WorkerCommand } from "../protocol/messages.js";
import type { Bundle } from "./executor.js";

/** The command that makes a worker train a bundle; `log` takes its stderr. */
export function trainCommand(
  { cells, checkpoint, writesCheckpoints }: Bundle,
  log: string,
): Extract<WorkerCommand, { type: "train" }> {
  const told = cells.map(({ id, settings, fingerprint, folder, resume }) => {
    return { cell: id, settings: { ...settings }, fingerprint, folder, resume };
  });
  return { type: "train", request: "train", cells: told, checkpoint, write_checkpoints: writesCheckpoints, log };
}
