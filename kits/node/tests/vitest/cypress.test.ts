import { expect, test } from "vitest";

import { mockTasks } from "mocksmtp/cypress";

import { App } from "../app.js";

test("the tasks of Cypress", async () => {
  const registered = mockTasks() as unknown as Record<string, (argument?: unknown) => Promise<unknown>>;
  /** As `cy.task`: the argument and the result are JSON, and a result is never undefined. */
  const task = async (name: string, argument?: unknown): Promise<any> => {
    const result = await registered[name]!(argument === undefined ? null : JSON.parse(JSON.stringify(argument)));
    expect(result).not.toBeUndefined();
    return JSON.parse(JSON.stringify(result));
  };
  await expect(task("mock:mails")).rejects.toThrow(/mock:open/);
  const { smtp } = await task("mock:open");
  await task("mock:recipe", { name: "unknownRecipients", values: { times: 1, message: "5.1.2 Unknown" } });
  await task("mock:behaviors", [
    { command: "RCPT TO", condition: { operator: "contains", matchingValue: "eve@" }, response: { code: 451 }, numberOfAnswer: 1 },
  ]);
  const app = new App(smtp);
  await app.send("bob@x.test");
  expect((await task("mock:bounce", { of: "bob@x.test" })).status).toBe("5.1.2");
  await app.send("eve@x.test");
  expect((await task("mock:delivery", { to: "eve@x.test" })).final).toBe("accepted");
  expect(await task("mock:attempts", { to: "eve@x.test" })).toHaveLength(2);
  expect((await task("mock:mail", { to: "eve@x.test" })).subject).toBe("Hello");
  expect(await task("mock:report")).toContain("REJECTED bob@x.test");
  const other = await task("mock:open", { host: "default" });
  expect(other.name).toBe("default");
  expect(await task("mock:mails")).toEqual([]);
  await task("mock:close");
});
