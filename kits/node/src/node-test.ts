import nodeTest, { type TestContext } from "node:test";

import type { MockOptions } from "./mock.js";
import { type MockFixture, withMock } from "./with-mock.js";

/** What a test function gets: a mail host, and the context of `node:test`. */
export type NodeFixture = MockFixture & { t: TestContext };

/** `test` of `node:test`, whose function gets `{ mock, t }`. */
export function test(name: string, body: (context: NodeFixture) => unknown, options: MockOptions = {}): Promise<void> {
  return nodeTest(name, (t) => withMock<{ t: TestContext }>(body, options)({ t }));
}

export const it = test;
