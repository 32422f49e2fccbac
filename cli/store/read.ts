/** Everything that reads the database; works on a read-only store. */
export type { AlertRow } from "./alert-rows.js";
export { alertsOf, alertsOfAttempts } from "./alerts.js";
export { chooseRuns, runsOf } from "./choose.js";
export { chooseSet } from "./choose-set.js";
export { deviceClass } from "./device-class.js";
export { type EvaluatingOfRun, evaluatingOf } from "./evaluations.js";
export { getForecast } from "./forecasts.js";
export { bytesPerRun, findGarbage } from "./garbage.js";
export { devicesOf } from "./live-devices.js";
export type { LiveAttempt, LiveDevice, LiveJob, WorkerReading } from "./live-rows.js";
export { baselines, tags } from "./marks.js";
export { type NextStart, nextStarts } from "./next-start.js";
export { describeOwner } from "./owners/index.js";

export * from "./read-attempts.js";
export * from "./read-bundles.js";
export * from "./read-evaluations.js";
export * from "./read-grid.js";
export { liveAttempts, liveDevices, liveJobs } from "./read-live.js";
export { measuredTrainings } from "./read-measured.js";
export { type RetryRow, retryRuns } from "./read-retry.js";
export * from "./read-runs.js";
export { columnsFor, evaluatedMetrics, readColumns } from "./read-values.js";
export * from "./read-watched.js";
export { getDiff, reproductionOf, type StoredDiff } from "./reproduction.js";
export type * from "./rows.js";
export { type ScoreSoFar, scoresSoFar } from "./score-so-far.js";
export { findRun } from "./selector.js";
export { settingAt } from "./setting-at.js";
export {
  experimentStopRequest,
  type RunningOfRun,
  runningOf,
  stopRequestOfRuns,
  stopRequests,
} from "./stop-requests.js";
export { trashedRuns } from "./trash/list.js";
export { metricColumn, parseColumn, type ValueColumn } from "./value-column.js";
