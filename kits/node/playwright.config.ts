import { defineConfig } from "@playwright/test";

export default defineConfig({ testDir: "tests/playwright", workers: 1, reporter: "line" });
