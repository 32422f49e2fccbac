import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["cli/**/*.test.ts", "cli/**/*.test.tsx", "scripts/**/*.test.ts"],
    globalSetup: ["scripts/test-setup.mjs"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
