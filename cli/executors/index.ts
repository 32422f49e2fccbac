import type { Executor, ExecutorOptions } from "./executor.js";
import { createLocal } from "./local.js";

/** Every place that can train bundles. A new one is a file and a line here; conformance.test.ts then covers it. */
export const EXECUTORS = {
  local: createLocal,
} satisfies Record<string, (options: ExecutorOptions) => Executor>;
