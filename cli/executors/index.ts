import type { Executor, ExecutorOptions } from "./executor.js";
import { createLocal } from "./local.js";

/** Every executor. A new one is a file and a line here; conformance.test.ts then tests it. */
export const EXECUTORS = {
  local: createLocal,
} satisfies Record<string, (options: ExecutorOptions) => Executor>;
