/** Names of the files in an attempt's folder that more than one part of the program knows. */
export const RUN_LOG = "run.log";
export const SETTINGS_FILE = "settings.json";
/** The worker's stderr. */
export const WORKER_LOG = "worker.log";
