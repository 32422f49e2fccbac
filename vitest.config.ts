import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["cli/**/*.test.ts", "cli/**/*.test.tsx", "scripts/**/*.test.ts"],
    // One build for all tests that start the built program; nothing when dist/ is current.
    globalSetup: ["scripts/build.mjs"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
