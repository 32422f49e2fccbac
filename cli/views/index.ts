import type { ViewEntry } from "./view.js";

/** Every view of `lor2c show`: a new one is a file and a line here. The first is shown when none is named. */
export const VIEWS: readonly ViewEntry[] = [
  {
    name: "summary",
    describe: "The run's settings, how it ended, its score, sizes, times and files",
    open: async () => (await import("./run-summary.js")).runSummary,
  },
  {
    name: "curves",
    describe: "Loss and score over the epochs",
    open: async () => (await import("./curves/index.js")).curves,
  },
  {
    name: "attempts",
    describe: "Every attempt of the run and how it ended",
    open: async () => (await import("./attempts.js")).attempts,
  },
  {
    name: "alerts",
    describe:
      "What deserves a look: values that are not finite, plateaus, collapse, a full disk, lost or silent workers",
    open: async () => (await import("./alerts.js")).alerts,
  },
  {
    name: "settings",
    describe: "Every resolved setting, and the fingerprint of model and data",
    open: async () => (await import("./settings.js")).settings,
  },
  {
    name: "environment",
    describe: "Where and from what it was trained: commit, device, versions, variables, hashes",
    open: async () => (await import("./environment.js")).environment,
  },
  {
    name: "timeline",
    describe: "The structure by epoch: modules with their scores, merges, injections; ranks, and scores at each rank",
    open: async () => (await import("./timeline/index.js")).timeline,
  },
  {
    name: "confusion",
    describe: "Predictions of the evaluation rows: matrix, precision, recall, F1 per label; errors of a regression",
    open: async () => (await import("./confusion/index.js")).confusion,
  },
  {
    name: "samples",
    describe: "Scored rows of benchmarks, wrong ones first: output, accepted answer, verdict",
    filtered: true,
    open: async () => (await import("./samples.js")).samples,
  },
];
