import type { Mock, MockOptions } from "./mock.js";
import { sharedServer } from "./server.js";

/** What a test function gets. */
export interface MockFixture {
  /** A mail host of the test's own. */
  mock: Mock;
}

/** A test function without parameters, which gives `body` a mail host and removes it afterwards. */
export function withMock<Context extends object = object>(
  body: (context: MockFixture & Context) => unknown,
  options: MockOptions = {},
): (context?: Context) => Promise<void> {
  return async (context) => {
    const mock = await (await sharedServer()).open(options);
    try {
      await body({ ...(context as Context), mock });
    } catch (error) {
      await explain(mock, error);
      throw error;
    } finally {
      await mock.close();
    }
  };
}

/** Add what happened to the message of a failed test. */
export async function explain(mock: Mock, error: unknown): Promise<void> {
  if (typeof error !== "object" || error === null) return;
  const failed = error as { message?: unknown; stack?: unknown };
  const message = String(failed.message);
  if (message.includes("\nmocksmtp, ")) return;
  const more = `\n\n${await mock.explanation().catch((reason: unknown) => String(reason))}\n`;
  if (typeof failed.stack === "string" && failed.stack.includes(message)) {
    failed.stack = failed.stack.replace(message, () => message + more);
  }
  failed.message = message + more;
}
