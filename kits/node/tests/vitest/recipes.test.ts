import { expect } from "vitest";

import { RECIPES } from "mocksmtp";
import { test } from "mocksmtp/vitest";

import { App } from "../app.js";

test("the service accepts every recipe", async ({ mockServer }) => {
  const applied = Object.entries(RECIPES).map(async ([name, { calls }]) => {
    const mock = await mockServer.open();
    await mock.applyRecipe(name, calls.some(({ kind }) => kind === "behaviors") ? { times: 1 } : {});
    await mock.close();
  });
  await Promise.all(applied);
  expect(Object.keys(RECIPES).length).toBeGreaterThan(90);
});

test("recipes of the host keep what others have set", async ({ mock }) => {
  await mock.sizeLimit({ size: 2000 });
  await mock.auth({ users: { bob: "secret" } });
  const { data } = await mock.api.GET("/hosts/{name}", { params: { path: { name: mock.name } } });
  expect(data!.limits.messageSize).toBe(2000);
  expect(data!.auth!.mechanisms).toContain("PLAIN");
  expect(data!.dns.domains[0]!.name).toBe(mock.domain);
});

test("values replace those of the cookbook", async ({ mock }) => {
  await mock.fullMailbox({ recipient: "bob@", code: 552, message: "5.2.2 Over quota" });
  await new App(mock.smtp).send("bob@x.test");
  const delivery = await mock.delivery({ to: "bob@x.test" });
  expect(delivery.rounds[0]![0]!.reply).toMatchObject({ code: 552, text: "5.2.2 Over quota" });
});

test("an unknown recipe or value is refused", async ({ mock }) => {
  await expect(mock.applyRecipe("outrage")).rejects.toThrow(/no recipe "outrage"/);
  await expect(mock.applyRecipe("outage", { cod: 421 })).rejects.toThrow(/one of: code, message, times/);
});
