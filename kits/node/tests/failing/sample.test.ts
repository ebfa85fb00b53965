import { expect } from "vitest";

import { test } from "mocksmtp/vitest";
import { createTransport } from "nodemailer";

test("fails", async ({ mock }) => {
  await mock.when("RCPT TO").contains("BOB@").reply(450).named("Bob is busy");
  await createTransport({ ...mock.smtp, ignoreTLS: true }).sendMail({ from: "me@here.test", to: "bob@x.test", text: "Hello" });
  expect((await mock.delivery({ to: "bob@x.test" })).final).toBe("deferred");
});
