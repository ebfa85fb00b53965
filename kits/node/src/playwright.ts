import { test as base } from "@playwright/test";

import type { Mock, MockOptions } from "./mock.js";
import { MockServer } from "./server.js";
import { explain } from "./with-mock.js";

export interface MockTestFixtures {
  /** Options of `mock`: `test.use({ mockOptions: { host: "default" } })`. */
  mockOptions: MockOptions;
  /** A mail host of the test's own. */
  mock: Mock;
}

export interface MockWorkerFixtures {
  /** The service of this worker. */
  mockServer: MockServer;
}

/** Playwright's `test` with the fixture `mock`; a failed test reports what happened. */
export const test = base.extend<MockTestFixtures, MockWorkerFixtures>({
  mockServer: [
    async ({}, use) => {
      const server = await MockServer.start();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],
  mockOptions: [{}, { option: true }],
  mock: async ({ mockServer, mockOptions }, use, testInfo) => {
    const mock = await mockServer.open(mockOptions);
    await use(mock);
    if (testInfo.status !== testInfo.expectedStatus) {
      // Reporters print only the first lines of an attachment.
      for (const error of testInfo.errors) await explain(mock, error);
      await testInfo.attach("mocksmtp", { body: await mock.report(), contentType: "text/plain" });
    }
    await mock.close();
  },
});

export { expect } from "@playwright/test";
