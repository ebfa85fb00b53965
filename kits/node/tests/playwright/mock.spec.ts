import { createTransport } from "nodemailer";

import { expect, test } from "mocksmtp/playwright";

test("a mail arrives", async ({ mock }) => {
  const transport = createTransport({ ...mock.smtp, ignoreTLS: true });
  await transport.sendMail({ from: "me@here.test", to: "bob@x.test", subject: "Hello", text: "Hello" });
  expect((await mock.delivery({ to: "bob@x.test" })).final).toBe("accepted");
});

test.describe("an application with a fixed address", () => {
  test.use({ mockOptions: { host: "default" } });

  test("uses the host default", async ({ mock, mockServer }) => {
    expect(mock.smtp).toEqual(mockServer.smtp);
  });
});
