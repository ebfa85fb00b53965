import { describe, expect } from "vitest";

import { DomainInUseError, TimedOutError } from "mocksmtp";
import { test } from "mocksmtp/vitest";

import { App, sendByMx } from "../app.js";

let app: App;

test.beforeEach(({ mock }) => {
  app = new App(mock.smtp);
});

test("greylisting", async ({ mock }) => { await mock.greylist({ activeFor: "2s" }); await app.send("bob@x.test"); expect((await mock.delivery({ to: "bob@x.test" })).final).toBe("accepted"); });

test("a busy host is tried again", async ({ mock }) => {
  await mock.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2);
  await app.send("bob@x.test");
  const delivery = await mock.delivery({ to: "bob@x.test", settle: "500ms" });
  expect(delivery.verdicts).toEqual(["deferred", "deferred", "accepted"]);
  expect(delivery.copies).toBe(1);
});

test("fail-over to the second exchange", async ({ mock }) => {
  const [mx1, mx2] = await mock.exchanges("x.test", 2);
  await mx1!.outage();
  await sendByMx(mock.dns!, "bob@x.test", mx2!.smtp.port);
  const delivery = await mock.delivery({ to: "bob@x.test" });
  expect(delivery.hosts).toEqual(["mx1", "mx2"]);
  expect(delivery.rounds[0]!.map((attempt) => attempt.host)).toEqual(["mx1", "mx2"]);
  expect(await mock.mails()).toHaveLength(1);
  expect(await mock.report()).toContain("mx2 DATA: 250");
});

test("an exchange that does not listen", async ({ mock }) => {
  const [mx1, mx2] = await mock.exchanges();
  await mx1!.stopListening();
  await sendByMx(mock.dns!, `bob@${mock.domain}`, mx2!.smtp.port);
  expect((await mock.delivery({ to: `bob@${mock.domain}` })).hosts).toEqual(["mx2"]);
});

test("one test at a time has a domain, and the others wait", async ({ mock, mockServer }) => {
  const [mx1] = await mock.exchanges("turn.test", 2);
  expect(mx1!.label).toBe("mx1");
  const error = await mockServer.open({ domain: "y.test" }).then(async (other) => {
    const failure = await other.exchanges("turn.test", 1, { turn: "50ms" }).catch((one: unknown) => one);
    await other.close();
    return failure;
  });
  expect(error).toBeInstanceOf(DomainInUseError);
  expect((error as Error).message).toMatch(
    /^turn.test is the domain of another test on this service, which did not end within 50ms; use mock.domain/,
  );
  const other = await mockServer.open();
  const order: string[] = [];
  const waiting = other.exchanges("turn.test", 1).then(() => order.push("its turn"));
  const again = await mock.exchanges("turn.test", 1); // its own
  expect(again[0]!.label).toBe("mx1");
  order.push("the end of the first");
  await Promise.all([mock.close(), waiting]);
  expect(order).toEqual(["the end of the first", "its turn"]);
  const { data } = await mockServer.api.GET("/route", { params: { query: { to: "bob@turn.test" } } });
  expect(data!.exchanges.map((one) => one.exchange)).toEqual(["mx1.turn.test"]);
  await other.close();
});

test("a rejected mail bounces", async ({ mock }) => {
  await mock.when("RCPT TO").contains("bob@").reply(550, "5.1.1 No such user");
  await app.send("bob@x.test", { sender: "me@here.test" });
  const bounce = await mock.bounce({ of: "bob@x.test" });
  expect(bounce.status).toBe("5.1.1");
  expect(bounce.mail.recipients![0]!.address).toBe("me@here.test");
  expect((await mock.delivery({ to: "bob@x.test" })).final).toBe("rejected");
});

test("kept, but the sender does not know: two copies", async ({ mock }) => {
  await mock.when("DATA").keepThenReset().times(1);
  await app.send("bob@x.test");
  const delivery = await mock.delivery({ to: "bob@x.test", copies: 2 });
  expect(delivery.verdicts).toEqual(["none", "accepted"]);
});

test("each test has a host and a domain of its own", async ({ mock, mockServer }) => {
  const other = await mockServer.open();
  expect(other.domain).not.toBe(mock.domain);
  await app.send("bob@x.test");
  await mock.delivery({ to: "bob@x.test" });
  expect(await other.deliveries()).toEqual([]);
  expect(await other.mails()).toEqual([]);
  await other.close();
  const { data } = await mockServer.api.GET("/hosts");
  expect(data!.map(({ name }) => name).sort()).toEqual(["default", mock.name].sort());
});

test("the domain has an MX, and records of a test are removed after it", async ({ mock, mockServer }) => {
  const other = await mockServer.open();
  await other.addRecords({ type: "TXT", name: "x.test", strings: ["v=spf1 -all"] });
  const count = async () => (await mockServer.api.GET("/status")).data!.dnsRecords;
  expect(await count()).toBeGreaterThan(0);
  const { data } = await mockServer.api.GET("/route", { params: { query: { to: `bob@${mock.domain}` } } });
  expect(data!.exchanges[0]!.addresses[0]!.host).toBe(mock.name);
  await other.close();
  const { data: records } = await mockServer.api.GET("/dnsRecords");
  expect(records).toEqual([]);
});

test("a mail, its attempts and its session", async ({ mock }) => {
  await app.send("bob@x.test", { text: "The code is 4711." });
  const mail = await mock.mail({ body: "4711" });
  expect(mail.subject).toBe("Hello");
  const [attempt] = await mock.attempts({ to: "bob@x.test" });
  expect(attempt!.stage).toBe("DATA");
  expect(await mock.sessions()).toHaveLength(1);
});

test("the host default, for an application with a fixed address", async ({ mockServer }) => {
  const mock = await mockServer.open({ host: "default" });
  expect(mock.smtp).toEqual(mockServer.smtp);
  await mock.when("MAIL FROM").reply(450);
  await mock.close();
  const { data } = await mock.hostApi.GET("/smtpBehaviors");
  expect(data).toEqual([]);
});

describe("when()", () => {
  test("combines conditions", async ({ mock }) => {
    const behavior = await mock
      .when("DATA")
      .target("header:Subject")
      .contains("hello")
      .ignoreCase()
      .target("size")
      .atLeast(10)
      .target("authUser")
      .not.exists()
      .reply(451, "4.7.1 Later")
      .times(1)
      .named("later");
    await app.send("bob@x.test");
    const delivery = await mock.delivery({ to: "bob@x.test" });
    expect(delivery.verdicts).toEqual(["deferred", "accepted"]);
    expect(delivery.rounds[0]![0]!.behavior).toBe(behavior.id);
    expect(await behavior.fired()).toBe(1);
    expect((await behavior.read()).name).toBe("later");
  });

  test("is refused where it makes no sense", async ({ mock }) => {
    await expect(async () => mock.when("RCPT TO").contains("bob@")).rejects.toThrow(/add for example .reply\(450\)/);
    await expect(async () => mock.when("RCPT TO").reply(99)).rejects.toThrow(/\$\[0\]\.response\.code/);
    const when = mock.when("RCPT TO").reply(450);
    await when;
    expect(() => when.times(2)).toThrow(/already sent/);
  });

  test("can be switched off and removed", async ({ mock }) => {
    const behavior = await mock.when("RCPT TO").reply(550);
    await behavior.enable(false);
    await app.send("bob@x.test");
    expect((await mock.delivery({ to: "bob@x.test" })).final).toBe("accepted");
    await behavior.remove();
    await expect(behavior.read()).rejects.toThrow(/404/);
  });
});

describe("nothing is slept for", () => {
  test("a delivery that stays deferred is returned as it is", async ({ mock }) => {
    await mock.outage();
    await mock.clearBehaviors();
    await mock.alwaysDeferred({ recipient: null });
    await app.send("bob@x.test");
    const delivery = await mock.delivery({ to: "bob@x.test", wait: "500ms" });
    expect(delivery.final).toBe("deferred");
    expect(delivery.verdicts.length).toBeGreaterThan(1);
  });

  test("the message of a time-out reports what happened", async ({ mock }) => {
    await mock.when("RCPT TO").contains("BOB@").reply(550, "5.1.1 No such user");
    await app.send("bob@x.test");
    await mock.delivery({ to: "bob@x.test" });
    const error = await mock.delivery({ to: "bob@x.test", final: "rejected", wait: "100ms" }).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(TimedOutError);
    const { message } = error as Error;
    expect(message).toContain("no delivery with to=bob@x.test, final=rejected within 100ms");
    expect(message).toContain("ACCEPTED bob@x.test from me@here.test");
    expect(message).toContain("differs only in upper and lower case");
    await expect(mock.mail({ to: "eve@x.test", wait: 50 })).rejects.toThrow(/no mail with to=eve@x.test within 50ms/);
  });
});
