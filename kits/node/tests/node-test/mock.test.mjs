import assert from "node:assert/strict";

import { test } from "mocksmtp/node-test";
import { createTransport } from "nodemailer";

test("a mail arrives", async ({ mock, t }) => {
  assert.equal(t.name, "a mail arrives");
  const transport = createTransport({ ...mock.smtp, ignoreTLS: true });
  await transport.sendMail({ from: "me@here.test", to: "bob@x.test", subject: "Hello", text: "Hello" });
  assert.equal((await mock.delivery({ to: "bob@x.test" })).final, "accepted");
});
