/** Everything that writes to the database; each has a file of its own. */
export { checkpointFolder, clearCheckpoints, heldRuns } from "./checkpoints.js";
export { type Claim, type ClaimRequest, claimAttempt, claimAttempts } from "./claim.js";
export { recordEnvironment } from "./environment.js";
export { type GitState, gitState } from "./git.js";
export { type AttemptsByCell, type EndDetail, endAttempt, ingest } from "./ingest.js";
export { HEARTBEAT_SECONDS, heartbeat, LEASE_SECONDS, reapLost } from "./lease.js";
export { type ExperimentPlan, registerExperiment } from "./register.js";
export { type Removal, removeRuns } from "./remove.js";
export { requestStop, stopRequests } from "./stop-requests.js";
