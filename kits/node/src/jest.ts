import type { MockOptions } from "./mock.js";
import { sharedServer, stopSharedServer } from "./server.js";
import { type MockFixture, withMock } from "./with-mock.js";

type Body = (context: MockFixture) => unknown;
type Declare = (name: string, body: () => Promise<void>, timeout?: number) => void;

interface Globals {
  test: Declare & { only: Declare; skip: Declare };
  beforeAll(body: () => Promise<unknown>, timeout: number): void;
  afterAll(body: () => Promise<void>): void;
}

interface MockTest {
  (name: string, body: Body, timeout?: number): void;
  only(name: string, body: Body, timeout?: number): void;
  skip(name: string, body: Body, timeout?: number): void;
}

const globals = globalThis as unknown as Globals;

/** Jest's `test`, whose function gets `{ mock }`; with options of the mail host. */
export function mockTest(options: MockOptions = {}): MockTest {
  const declare = (how: Declare) => (name: string, body: Body, timeout?: number) => {
    const run = withMock(body, options);
    // Without a parameter, which Jest would take for `done`.
    how(name, () => run(), timeout);
  };
  return Object.assign(declare(globals.test), {
    only: declare(globals.test.only),
    skip: declare(globals.test.skip),
  });
}

/** Jest's `test`, whose function gets `{ mock }`. */
export const test = mockTest();

export const it = test;

// Jest runs each file with its own modules, and so with its own service, unless its
// `globalSetup` is "mocksmtp/global-setup".
globals.beforeAll(() => sharedServer(), 60_000);
globals.afterAll(stopSharedServer);
