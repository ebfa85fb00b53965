import { defineConfig } from "@playwright/test";

export default defineConfig({ testDir: ".", testMatch: "sample.spec.ts", workers: 1, reporter: "list" });
