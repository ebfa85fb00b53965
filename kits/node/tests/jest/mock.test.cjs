const { test } = require("mocksmtp/jest");
const { createTransport } = require("nodemailer");

test("a mail arrives", async ({ mock }) => {
  const transport = createTransport({ ...mock.smtp, ignoreTLS: true });
  await transport.sendMail({ from: "me@here.test", to: "bob@x.test", subject: "Hello", text: "Hello" });
  expect((await mock.delivery({ to: "bob@x.test" })).final).toBe("accepted");
  expect((await mock.mail()).subject).toBe("Hello");
});

test("a rejected mail", async ({ mock }) => {
  await mock.when("RCPT TO").reply(550, "5.1.1 No such user");
  const transport = createTransport({ ...mock.smtp, ignoreTLS: true });
  const sent = transport.sendMail({ from: "me@here.test", to: "bob@x.test", text: "Hello" });
  await expect(sent).rejects.toThrow("550 5.1.1 No such user");
  expect((await mock.delivery({ to: "bob@x.test" })).final).toBe("rejected");
});
