import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["cli/**/*.test.ts", "cli/**/*.test.tsx", "scripts/**/*.test.ts"],
    globalSetup: ["scripts/test-setup.mjs"],
    // Vitest leaves one core free, of two on a small machine. Most tests wait for processes that they have started.
    maxWorkers: availableParallelism(),
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
