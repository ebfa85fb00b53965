import { defineConfig } from "vitest/config";

export default defineConfig({
  // One Redis and one mocksmtp for all test files.
  test: { globalSetup: ["tests/redis.js", "mocksmtp/global-setup"], testTimeout: 20_000 },
});
