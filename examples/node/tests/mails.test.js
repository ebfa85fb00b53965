import { expect, inject } from "vitest";
import { test as base } from "mocksmtp/vitest";

import { OrderMails } from "../src/mails.js";

const test = base.extend({
  /** Mails that the application has given up. */
  undeliverable: async ({}, use) => use([]),
  mails: async ({ mock, undeliverable }, use) => {
    const mails = new OrderMails(mock.smtp, inject("redis"), {
      name: mock.name,
      attempts: 4,
      pause: 100,
      undeliverable: (mail, reason) => undeliverable.push(`${mail.to}: ${reason}`),
    });
    await use(mails);
    await mails.close();
  },
});

const order = { number: 4711, customer: "bob@x.test" };

test("a confirmation arrives", async ({ mock, mails }) => {
  await mails.confirm(order);
  const mail = await mock.mail({ to: "bob@x.test" });
  expect(mail.subject).toBe("Your order 4711");
  expect(mail.message).toContain("We will send your order 4711 today.");
});

test("greylisting delays the mail, and it arrives once", async ({ mock, mails }) => {
  await mock.greylist({ activeFor: "150ms" });
  await mails.confirm(order);
  const delivery = await mock.delivery({ to: "bob@x.test" });
  expect(delivery.final).toBe("accepted");
  expect(delivery.copies).toBe(1);
});

test("the pauses between the attempts grow", async ({ mock, mails }) => {
  await mock.when("RCPT TO").reply(450, "4.2.1 Busy").times(3);
  await mails.confirm(order);
  const { verdicts, backoffs } = await mock.delivery({ to: "bob@x.test" });
  expect(verdicts).toEqual(["deferred", "deferred", "deferred", "accepted"]);
  expect(backoffs[2]).toBeGreaterThan(1.5 * backoffs[0]);
});

test("a rejected mail is not tried again", async ({ mock, mails, undeliverable }) => {
  await mock.unknownRecipients();
  await mails.confirm(order);
  const delivery = await mock.delivery({ to: "bob@x.test", settle: "500ms" });
  expect(delivery.verdicts).toEqual(["rejected"]);
  expect(undeliverable).toEqual(["bob@x.test: 550 5.1.1 Unknown"]);
});

test("a host that stays busy: the mail is given up and reported", async ({ mock, mails, undeliverable }) => {
  await mock.alwaysDeferred({ recipient: null });
  await mails.confirm(order);
  const [delivery] = await mock.deliveries({ settle: "1500ms" });
  expect(delivery.verdicts).toHaveLength(4);
  expect(undeliverable).toHaveLength(1);
});

test("if the reply is lost, the second copy has the same Message-ID", async ({ mock, mails }) => {
  await mock.keepThenReset();
  await mails.confirm(order);
  const delivery = await mock.delivery({ to: "bob@x.test", copies: 2 });
  expect(delivery.verdicts).toEqual(["none", "accepted"]);
  const ids = (await mock.mails()).map((mail) => mail.messageId);
  expect(new Set(ids).size).toBe(1);
});
