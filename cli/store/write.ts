/** Everything that writes to the database. */
export { type NewAlert, raise } from "./alerts.js";
export { checkpointFolder, clearCheckpoints } from "./checkpoints.js";
export { claimAttempt, claimAttempts } from "./claim.js";
export { clearDropped, dropAdapters } from "./drop-adapters.js";
export {
  type Claimed,
  claimEvaluation,
  finishEvaluation,
  keepEvaluations,
  leaveEvaluations,
  recordSamples,
} from "./evaluations.js";
export { recordForecasts } from "./forecasts.js";
export { collect } from "./garbage.js";
export { checkInPlace } from "./in-place.js";
export { type AttemptsByCell, endAttempt, ingest } from "./ingest.js";
export { HEARTBEAT_SECONDS, heartbeat, reapLost } from "./lease.js";
export { addTag, checkNote, checkTag, clearBaselines, removeTag, setBaseline, setNote } from "./marks.js";
export { registerExperiment, resumeExperiment } from "./register.js";
export { removeRuns } from "./remove.js";
export { removeModel } from "./remove-model.js";
export { requestExperimentStop, requestStop } from "./stop-requests.js";
export { isBusy } from "./store-errors.js";
export { restoreRuns, trashRuns } from "./trash/trash.js";
export { WaitingEvents } from "./waiting-events.js";
export { DEVICE_FORGOTTEN, removeLive, sweepLive, writeLive } from "./write-live.js";
