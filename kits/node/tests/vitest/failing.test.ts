import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** What a failing test prints, with the runner. */
function output(...command: string[]): string {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  const ran = spawnSync(process.execPath, command, { env, encoding: "utf8" });
  expect(ran.status, ran.stdout + ran.stderr).toBe(1);
  return ran.stdout + ran.stderr;
}

test.for([
  ["Vitest", "node_modules/vitest/vitest.mjs", "run", "--config", "tests/failing/vitest.config.ts"],
  ["Jest", "node_modules/jest/bin/jest.js", "--config", '{"rootDir": "tests/failing", "testMatch": ["**/*.jest.cjs"]}'],
  ["Playwright", "node_modules/@playwright/test/cli.js", "test", "--config", "tests/failing/playwright.config.ts"],
  ["node:test", "--test", "tests/failing/sample.node.mjs"],
])("a failing test of %s reports what was tried and why", ([, ...command]) => {
  const printed = output(...command);
  expect(printed).toContain("ACCEPTED bob@x.test from me@here.test");
  expect(printed).toContain("DATA: 250 2.0.0 Message kept");
  expect(printed).toContain("Bob is busy: recipient is 'bob@x.test', required: contains 'BOB@'");
});
