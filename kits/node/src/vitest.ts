import { beforeAll, test as base } from "vitest";

import type { Mock, MockOptions } from "./mock.js";
import { type MockServer, sharedServer } from "./server.js";
import { explain } from "./with-mock.js";

// Not in the fixture: the start must not count against the time limit of the first test.
beforeAll(async () => {
  await sharedServer();
}, 60_000);

export interface MockFixtures {
  /** The service, shared by all tests of the process. */
  mockServer: MockServer;
  /** Options of `mock`: `test.extend({ mockOptions: { host: "default" } })`. */
  mockOptions: MockOptions;
  /** A mail host of the test's own. */
  mock: Mock;
}

/** Vitest's `test` with the fixture `mock`. */
export const test = base.extend<MockFixtures>({
  mockServer: [
    // Vitest requires the pattern: it reads the names of the fixtures that are used.
    async ({}, use) => {
      await use(await sharedServer());
    },
    { scope: "file" },
  ],
  mockOptions: {},
  mock: async ({ mockServer, mockOptions, task }, use) => {
    const mock = await mockServer.open(mockOptions);
    await use(mock);
    for (const error of task.result?.errors ?? []) await explain(mock, error);
    await mock.close();
  },
});

export const it = test;
