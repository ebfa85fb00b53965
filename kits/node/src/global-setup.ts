import { MockServer } from "./server.js";

/**
 * Starts one service for all workers, for `globalSetup` of Vitest, Jest and Playwright.
 * It ends with the test run.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const server = await MockServer.start();
  process.env.MOCKSMTP_URL = server.url;
  return () => server.stop();
}
