import type { Attempt, Bounce, Delivery, Mail, Mock, MockOptions, Waiting } from "./mock.js";
import { sharedServer } from "./server.js";
import type { BehaviorInput } from "./when.js";

/** What a test in the browser knows of the mail host. */
export interface OpenedMock {
  name: string;
  domain: string;
  smtp: { host: string; port: number };
  dns: { host: string; port: number } | null;
  url: string;
}

/** The tasks; Cypress passes one argument, and accepts null but not undefined. */
export interface MockTasks {
  /** Create a mail host, or reset an existing one; closes that of the last test. */
  "mock:open"(options?: MockOptions | null): Promise<OpenedMock>;
  /** Add behaviors; answers their ids. */
  "mock:behaviors"(documents: BehaviorInput[]): Promise<string[]>;
  /** Apply a recipe of the cookbook. */
  "mock:recipe"(recipe: string | { name: string; values?: Record<string, unknown> }): Promise<null>;
  /** Wait for a delivery. */
  "mock:delivery"(filters: Parameters<Mock["delivery"]>[0]): Promise<Delivery>;
  "mock:attempts"(filters?: Parameters<Mock["attempts"]>[0] | null): Promise<Attempt[]>;
  /** Wait for a mail. */
  "mock:mail"(filters?: Parameters<Mock["mail"]>[0] | null): Promise<Mail>;
  "mock:mails"(filters?: Parameters<Mock["mails"]>[0] | null): Promise<Mail[]>;
  /** Wait for a bounce. */
  "mock:bounce"(filters: { of: string } & Waiting): Promise<Bounce>;
  /** What happened, as text. */
  "mock:report"(): Promise<string>;
  "mock:close"(): Promise<null>;
}

/** Tasks for `setupNodeEvents`: `on("task", mockTasks())`, then `cy.task("mock:open")`. */
export function mockTasks(defaults: MockOptions = {}): MockTasks {
  let current: Mock | undefined;
  const mock = (): Mock => {
    if (current === undefined) throw new Error('no mail host: call cy.task("mock:open") first');
    return current;
  };
  const close = async (): Promise<null> => {
    const closed = current;
    current = undefined;
    await closed?.close();
    return null;
  };
  return {
    "mock:open": async (options) => {
      await close();
      current = await (await sharedServer()).open({ ...defaults, ...options });
      const { name, domain, smtp, dns, url } = current;
      return { name, domain, smtp, dns: dns ?? null, url };
    },
    "mock:behaviors": (documents) => mock().addBehaviors(...documents),
    "mock:recipe": async (recipe) => {
      const { name, values } = typeof recipe === "string" ? { name: recipe, values: {} } : recipe;
      await mock().applyRecipe(name, values);
      return null;
    },
    "mock:delivery": (filters) => mock().delivery(filters),
    "mock:attempts": (filters) => mock().attempts(filters ?? {}),
    "mock:mail": (filters) => mock().mail(filters ?? {}),
    "mock:mails": (filters) => mock().mails(filters ?? {}),
    "mock:bounce": (filters) => mock().bounce(filters),
    "mock:report": () => mock().report(),
    "mock:close": close,
  };
}
